#include "host/probe/child/options.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include <stoa/json.h>

namespace stoa::host::probe {
namespace {

std::uint64_t number(const std::string& option, const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 1'000'000'000) {
        throw std::invalid_argument(fmt::format("{} needs a whole number from 1, not \"{}\"", option, text));
    }
    return value;
}

Json::Value settingsIn(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    auto json = parseJson(text.str());
    if (!file || !json || !json->isObject()) {
        throw std::invalid_argument(fmt::format("--settings needs a file with one JSON object: {}", path));
    }
    return std::move(*json);
}

}  // namespace

const char* const kHelp =
    "stoa-probe FILE [--settings FILE] [--timeout-ms N] [--memory-mib N] [--json]\n"
    "\n"
    "Loads a plugin in a process of its own against a host in memory, calls every route and every subscription with\n"
    "its example, and unloads it. Says what failed, and where.\n"
    "\n"
    "  --settings FILE   the plugin's settings, a JSON object; otherwise the defaults of its manifest\n"
    "  --timeout-ms N    for all of it (10000)\n"
    "  --memory-mib N    address space that it may have (1024)\n"
    "  --json            one line for programs\n"
    "\n"
    "Ends with 0 when the plugin passed, 1 when it did not, 2 when the command line is wrong.\n";

std::optional<CommandLine> readCommandLine(const std::vector<std::string>& arguments) {
    CommandLine line;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        const auto value = [&]() -> const std::string& {
            if (++i == arguments.size()) {
                throw std::invalid_argument(argument + " needs a value; see --help");
            }
            return arguments[i];
        };
        if (argument == "--help") {
            return std::nullopt;
        }
        if (argument == "--json") {
            line.json = true;
        } else if (argument == "--settings") {
            line.options.settings = settingsIn(value());
        } else if (argument == "--timeout-ms") {
            line.options.timeout = std::chrono::milliseconds(number(argument, value()));
        } else if (argument == "--memory-mib") {
            line.options.memory_bytes = number(argument, value()) << 20U;
        } else if (argument.rfind("--", 0) == 0 || !line.options.file.empty()) {
            throw std::invalid_argument(fmt::format("\"{}\" is not understood; see --help", argument));
        } else {
            line.options.file = argument;
        }
    }
    if (line.options.file.empty()) {
        throw std::invalid_argument("the plugin's file is missing; see --help");
    }
    return line;
}

}  // namespace stoa::host::probe
