#include "host/control/stoactl/command_line.h"

#include <charconv>
#include <filesystem>
#include <span>

#include <fmt/format.h>

#include "host/base/version.h"

namespace stoa::stoactl {
namespace {

struct CommandHelp {
    std::string_view name;
    std::string_view operands;
    std::string_view flag;  ///< the one that it takes, or empty
    std::string_view summary;
    std::string_view details;
};

constexpr CommandHelp kCommands[] = {
    {"status", "", "", "what the host is and how it fares",
     "Prints id, version, uptime, listeners, registry, events, plugins."},
    {"plugins", "", "", "every generation of every plugin",
     "STATE is loading, active, warm, draining, parked or waiting; WAITS FOR says what keeps it there."},
    {"routes", "", "", "what is served, where, and for whom", "AUTH lists who may ask: any one of them suffices."},
    {"topics", "", "", "topics with their records, and the lag of this host's services", ""},
    {"parked", "", "", "events whose handler failed and that wait for another try",
     "Later events of the same key wait behind the first one."},
    {"parked retry", "SERVICE POSITION", "", "try a parked event now", "POSITION is a column of `stoactl parked`."},
    {"parked discard", "SERVICE POSITION", "", "give a parked event up and let its key go on",
     "The event's effect is lost for that service; it stays in the topic."},
    {"dlq list", "[SERVICE]", "", "dead letters: events that every try failed for", ""},
    {"dlq show", "ID", "", "one dead letter with its headers and payload",
     "ID is a column of `stoactl dlq list`; an event's id does as well. The payload may hold personal data."},
    {"dlq redrive", "ID | --all [SERVICE]", "--all", "hand a dead letter to its service again, and to no other",
     "An effect that is there already is not repeated."},
    {"upgrade", "FILE", "", "load a newer version of a plugin while the host serves",
     "The old generation serves until the new one is ready, then finishes what it began. If a step fails nothing "
     "changes."},
    {"new", "NAME [--dir PATH]", "", "a folder with a complete plugin, to begin a service with; asks no host",
     "Written below the current folder, or below PATH; nothing is overwritten. Its README says how to build and run "
     "it."},
    {"drain", "[--leave]", "--leave", "stop the host in order: finish requests, events and outbox, then exit",
     "--leave gives its partitions to other hosts at once; without it a restart gets them back."},
    {"config", "", "", "every value in force with its origin", "Secrets are shown as references."},
};

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
    for (const CommandHelp& command : kCommands) {
        text += fmt::format("  {:<32} {}\n", fmt::format("{} {}", command.name, command.operands), command.summary);
    }
    return text + std::string(kTail);
}

std::string helpOf(const CommandHelp& command) {
    std::string text = fmt::format("usage: stoactl {}{}{}\n\n{}\n", command.name, command.operands.empty() ? "" : " ",
                                   command.operands, command.summary);
    if (!command.details.empty()) {
        text += fmt::format("{}\n", command.details);
    }
    return text + "\nTakes --socket PATH and --json, too: see stoactl --help.\n";
}

/// The command that the words begin with, the longer name first; `used` words belong to it.
const CommandHelp* findCommand(std::span<const std::string> words, std::size_t& used) {
    const CommandHelp* found = nullptr;
    used = 0;
    for (const CommandHelp& command : kCommands) {
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
    for (const CommandHelp& command : kCommands) {
        if (command.name.starts_with(words[0] + " ")) {
            below += fmt::format("\n  stoactl {} {}", command.name, command.operands);
        }
    }
    return below.empty() ? fmt::format("stoactl: there is no command \"{}\"; `stoactl --help` lists them", words[0])
                         : fmt::format("stoactl: say what to do with {}:{}", words[0], below);
}

/// Operands into arguments; false when their number or form is wrong.
bool fill(const CommandHelp& command, std::span<const std::string> operands, bool flag, const std::string& folder,
          Json::Value& arguments) {
    const std::size_t count = operands.size();
    if (command.name == "new") {
        if (count == 1) {
            arguments["name"] = operands[0];
        }
        return count == 1;
    }
    if (command.name == "upgrade") {
        if (count == 1) {
            // The host runs elsewhere: what is relative here means nothing there.
            arguments["file"] = (std::filesystem::path(folder) / operands[0]).lexically_normal().string();
        }
        return count == 1;
    }
    if (command.name.starts_with("parked ")) {
        std::int64_t position = 0;
        if (count != 2) {
            return false;
        }
        const char* end = operands[1].data() + operands[1].size();
        const auto read = std::from_chars(operands[1].data(), end, position);
        arguments["service"] = operands[0];
        arguments["position"] = Json::Int64(position);
        return read.ec == std::errc{} && read.ptr == end;
    }
    if (command.name == "dlq list" || (command.name == "dlq redrive" && flag)) {
        if (count == 1) {
            arguments["service"] = operands[0];
        }
        if (flag) {
            arguments["all"] = true;
        }
        return count <= 1;
    }
    if (command.name.starts_with("dlq ")) {
        if (count == 1) {
            arguments["id"] = operands[0];
        }
        return count == 1;
    }
    if (command.name == "drain") {
        arguments["leave"] = flag;
    }
    return count == 0;
}

struct Words {
    Question question;
    std::vector<std::string> words;
    std::vector<std::string> flags;
    std::string dir;  ///< of `new`
    bool help = false;
    bool version = false;
    std::string mistake;
};

Words sortOut(const std::vector<std::string>& arguments) {
    Words sorted;
    bool only_words = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
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
        } else if (word == "--socket" && i + 1 < arguments.size()) {
            sorted.question.socket = arguments[++i];
        } else if (word.starts_with("--dir=")) {
            sorted.dir = word.substr(6);
        } else if (word == "--dir" && i + 1 < arguments.size()) {
            sorted.dir = arguments[++i];
        } else if (word == "--socket") {
            sorted.mistake = "stoactl: --socket needs a path";
        } else {
            sorted.flags.push_back(word);
        }
    }
    return sorted;
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
    const CommandHelp* command = findCommand(sorted.words, used);
    if (command == nullptr) {
        return sorted.help ? Parsed{Help{unknownCommand(sorted.words) + "\n"}}
                           : Parsed{Usage{unknownCommand(sorted.words)}};
    }
    if (sorted.help) {
        return Help{helpOf(*command)};
    }
    const bool flag = !sorted.flags.empty() && sorted.flags[0] == command->flag;
    if (sorted.mistake.empty() && !sorted.flags.empty() && (!flag || sorted.flags.size() > 1)) {
        sorted.mistake = fmt::format("stoactl: {} takes no {}", command->name, sorted.flags.back());
    }
    if (command->name == "new") {
        sorted.question.arguments["dir"] = sorted.dir.empty() ? "." : sorted.dir;
    } else if (!sorted.dir.empty()) {
        sorted.mistake = fmt::format("stoactl: {} takes no --dir", command->name);
    }
    const std::span<const std::string> operands = std::span(sorted.words).subspan(used);
    if (sorted.mistake.empty() && !fill(*command, operands, flag, folder, sorted.question.arguments)) {
        sorted.mistake = fmt::format("stoactl: wrong arguments for {}", command->name);
    }
    if (!sorted.mistake.empty()) {
        return Usage{fmt::format("{}\nusage: stoactl {}{}{}", sorted.mistake, command->name,
                                 command->operands.empty() ? "" : " ", command->operands)};
    }
    sorted.question.command = command->name;
    return std::move(sorted.question);
}

}  // namespace stoa::stoactl
