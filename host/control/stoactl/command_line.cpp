#include "host/control/stoactl/command_line.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "host/base/version.h"
#include "host/control/stoactl/commands.h"

namespace stoa::stoactl {
namespace {

constexpr std::string_view kHead =
    "usage: stoactl [--socket PATH] [--json] COMMAND [ARGUMENT…]\n\n"
    "Talks to a running host over its control socket.\n\n";

constexpr std::string_view kTail =
    "\noptions\n"
    "  --socket PATH  the host's socket; else STOA_CONTROL, else the one in ./stoa-state, ./build/run/… or /run/stoa\n"
    "  --json         the answer as one line of JSON; progress goes to standard error\n"
    "  --help         this text, or with a command: more about it\n"
    "  --version      the version of stoactl\n\n"
    "exit: 0 done · 1 the host refused or failed · 2 wrong arguments · 3 no host answers\n";

std::string overview() {
    std::string text(kHead);
    text += "commands\n";
    for (const Command& command : commands()) {
        text += fmt::format("  {:<34} {}\n", usageOf(command), command.summary);
    }
    return text + std::string(kTail);
}

/// "--canary SHARE"
std::string writtenAs(const Parameter& option) {
    const char* value = option.kind == Kind::kDuration ? " TIME"
                        : option.kind == Kind::kShare  ? " SHARE"
                        : option.kind == Kind::kNumber ? " N"
                        : option.kind == Kind::kText   ? " VALUE"
                                                       : "";
    return fmt::format("{}{}", option.name, value);
}

std::string helpOf(const Command& command) {
    std::string text = fmt::format("usage: stoactl {}\n\n{}\n", usageOf(command), command.summary);
    if (!command.details.empty()) {
        text += fmt::format("{}\n", command.details);
    }
    for (const Parameter& option : command.options) {
        if (option.kind != Kind::kNone) {
            text += fmt::format("{}  {:<18} {}\n", &option == command.options ? "\n" : "", writtenAs(option),
                                option.description);
        }
    }
    return text + "\nTakes --socket PATH and --json, too: see stoactl --help.\n";
}

/// The command that the words begin with, the longer name first; `used` words belong to it.
const Command* findCommand(std::span<const std::string> words, std::size_t& used) {
    const Command* found = nullptr;
    used = 0;
    for (const Command& command : commands()) {
        const std::size_t length = command.name.find(' ') == std::string_view::npos ? 1 : 2;
        if (words.size() < length || length < used) {
            continue;
        }
        const std::string name = length == 1 ? words[0] : words[0] + " " + words[1];
        if (name == command.name) {
            found = &command;
            used = length;
        }
    }
    return found;
}

std::string unknownCommand(std::span<const std::string> words) {
    std::string below;
    for (const Command& command : commands()) {
        if (command.name.starts_with(words[0] + " ")) {
            below += fmt::format("\n  stoactl {}", usageOf(command));
        }
    }
    return below.empty() ? fmt::format("stoactl: there is no command \"{}\"; `stoactl --help` lists them", words[0])
                         : fmt::format("stoactl: say what to do with {}:{}", words[0], below);
}

std::optional<Json::Value> number(std::string_view text) {
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    return whole ? std::optional(Json::Value(static_cast<Json::Int64>(value))) : std::nullopt;
}

/// A decimal number with this unit behind it, at least 0.
std::optional<double> quantity(std::string_view text, std::string_view unit) {
    if (!text.ends_with(unit)) {
        return std::nullopt;
    }
    text.remove_suffix(unit.size());
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    return whole && value >= 0 && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<Json::Value> duration(std::string_view text) {
    constexpr double kLongest = 30 * 24 * 3600e3;
    for (const auto& [unit, milliseconds] : {std::pair{"ms", 1.0}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}}) {
        if (const auto value = quantity(text, unit)) {
            const double whole = std::round(*value * milliseconds);
            return whole <= kLongest ? std::optional(Json::Value(static_cast<Json::Int64>(whole))) : std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<Json::Value> share(std::string_view text) {
    const auto percent = quantity(text, "%");
    return percent && *percent > 0 && *percent <= 100
               ? std::optional(Json::Value(static_cast<Json::Int64>(std::round(*percent * 100))))
               : std::nullopt;
}

/// The word in the form that the host expects; nothing when it has another one.
std::optional<Json::Value> valueOf(Kind kind, const std::string& word, const std::string& folder) {
    switch (kind) {
        case Kind::kNumber:
            return number(word);
        case Kind::kDuration:
            return duration(word);
        case Kind::kShare:
            return share(word);
        case Kind::kFile:
            return Json::Value((std::filesystem::path(folder) / word).lexically_normal().string());
        default:
            return Json::Value(word);
    }
}

/// Operands into arguments; false when their number or form is wrong.
bool fill(const Command& command, std::span<const std::string> words, const std::string& folder,
          Json::Value& arguments) {
    for (const Parameter& operand : command.operands) {
        if (operand.kind == Kind::kNone) {
            break;
        }
        if (words.empty()) {
            return operand.optional;
        }
        const std::string key(operand.key);
        if (operand.kind == Kind::kTexts) {
            for (const std::string& word : words) {
                arguments[key].append(word);
            }
            return true;
        }
        auto value = valueOf(operand.kind, words.front(), folder);
        if (!value) {
            return false;
        }
        arguments[key] = std::move(*value);
        words = words.subspan(1);
    }
    return words.empty();
}

struct Words {
    Question question;
    std::vector<std::string> words;
    bool help = false;
    bool version = false;
    std::string mistake;
};

const Parameter* findOption(std::span<const std::string> words, std::string_view name) {
    std::size_t used = 0;
    if (const Command* command = findCommand(words, used)) {
        for (const Parameter& option : command->options) {
            if (option.kind != Kind::kNone && option.name == name) {
                return &option;
            }
        }
    }
    return nullptr;
}

/// Takes an option of the command that the words so far name; true when it took the next argument as its value.
bool takeOption(Words& sorted, const std::string& word, const std::string* next) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const Parameter* option = findOption(sorted.words, name);
    if (option == nullptr) {
        const std::string command = sorted.words.empty() ? "stoactl" : sorted.words[0];
        sorted.mistake = fmt::format("stoactl: {} takes no {}", command, name);
        return false;
    }
    Json::Value& place = sorted.question.arguments[std::string(option->key)];
    if (option->kind == Kind::kFlag) {
        place = true;
        return false;
    }
    const bool behind = equals == std::string::npos;
    if (behind && next == nullptr) {
        sorted.mistake = fmt::format("stoactl: {} needs a value", name);
        return false;
    }
    const std::string text = behind ? *next : word.substr(equals + 1);
    if (auto value = valueOf(option->kind, text, {})) {
        place = std::move(*value);
    } else {
        sorted.mistake = fmt::format("stoactl: {} can't be \"{}\": write {}", name, text,
                                     option->kind == Kind::kShare    ? "a share like 10%"
                                     : option->kind == Kind::kNumber ? "a whole number"
                                                                     : "a time like 250ms, 60s or 5m");
    }
    return behind;
}

Words sortOut(const std::vector<std::string>& arguments) {
    Words sorted;
    bool only_words = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        const std::string* next = i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
        if (only_words || !word.starts_with("-") || word == "-") {
            sorted.words.push_back(word);
        } else if (word == "--") {
            only_words = true;
        } else if (word == "--json") {
            sorted.question.json = true;
        } else if (word == "--help" || word == "-h") {
            sorted.help = true;
        } else if (word == "--version") {
            sorted.version = true;
        } else if (word.starts_with("--socket=")) {
            sorted.question.socket = word.substr(9);
        } else if (word == "--socket" && next != nullptr) {
            sorted.question.socket = arguments[++i];
        } else if (word == "--socket") {
            sorted.mistake = "stoactl: --socket needs a path";
        } else if (takeOption(sorted, word, next)) {
            ++i;
        }
    }
    return sorted;
}

/// What the table can't say: which arguments belong together. Empty when they fit.
std::string mistakeAmong(const Command& command, Json::Value& question) {
    if (command.name == "dlq redrive") {
        // With --all the operand is the service whose letters are meant.
        if (question.isMember("all") && question.isMember("id")) {
            question.removeMember("id", &question["service"]);
        } else if (!question.isMember("all") && !question.isMember("id")) {
            return "stoactl: dlq redrive needs an ID, or --all";
        }
    }
    const bool fleet = question.isMember("fleet");
    if (command.name == "upgrade" && !fleet && (question.isMember("wave") || question.isMember("pause"))) {
        return "stoactl: --wave and --pause belong to --fleet";
    }
    return {};
}

}  // namespace

Parsed parse(const std::vector<std::string>& arguments, const std::string& folder) {
    Words sorted = sortOut(arguments);
    if (sorted.version) {
        return Help{fmt::format("stoactl {}\n", host::kHostVersion)};
    }
    if (sorted.words.size() > 1 && sorted.words[0] == "help") {
        sorted.words.erase(sorted.words.begin());
        sorted.help = true;
    }
    if (sorted.words.empty() || sorted.words[0] == "help") {
        return sorted.help || !sorted.words.empty() ? Parsed{Help{overview()}} : Parsed{Usage{overview()}};
    }
    std::size_t used = 0;
    const Command* command = findCommand(sorted.words, used);
    if (command == nullptr) {
        return sorted.help ? Parsed{Help{unknownCommand(sorted.words) + "\n"}}
                           : Parsed{Usage{unknownCommand(sorted.words)}};
    }
    if (sorted.help) {
        return Help{helpOf(*command)};
    }
    Json::Value& question = sorted.question.arguments;
    const std::span<const std::string> operands = std::span(sorted.words).subspan(used);
    if (sorted.mistake.empty() && !fill(*command, operands, folder, question)) {
        sorted.mistake = fmt::format("stoactl: wrong arguments for {}", command->name);
    }
    if (sorted.mistake.empty()) {
        sorted.mistake = mistakeAmong(*command, question);
    }
    if (!sorted.mistake.empty()) {
        return Usage{fmt::format("{}\nusage: stoactl {}", sorted.mistake, usageOf(*command))};
    }
    sorted.question.command = command->name;
    return std::move(sorted.question);
}

}  // namespace stoa::stoactl
