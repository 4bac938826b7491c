#include "host/control/stoactl/client.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/control/socket.h"

namespace stoa::stoactl {
namespace {

namespace fs = std::filesystem;
using host::control::LineReader;
using host::control::Milliseconds;
using host::control::ReadEnd;

constexpr std::size_t kMaxAnswer = 256 << 20;

/// Where a host puts its socket when nobody says otherwise: in a state directory, below ./build/run, or /run/stoa.
std::vector<std::string> candidates(const std::string& folder) {
    std::vector<std::string> found;
    const auto consider = [&](const fs::path& path) {
        std::error_code missing;
        if (fs::is_socket(path, missing)) {
            found.push_back(path.string());
        }
    };
    consider(fs::path(folder) / "stoa-state" / "control.sock");
    const fs::path run = fs::path(folder) / "build" / "run";
    consider(run / "control.sock");
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(run, missing)) {
        consider(entry.path() / "control.sock");
        consider(entry.path() / "state" / "control.sock");
    }
    std::sort(found.begin(), found.end());
    if (found.empty()) {
        consider("/run/stoa/control.sock");
    }
    return found;
}

/// Whether a host listens there: one that was killed leaves its socket behind.
bool inUse(const std::string& path) {
    try {
        host::control::connectTo(path);
        return true;
    } catch (const Error& error) {
        return error.status() == STOA_FORBIDDEN;
    }
}

Refusal refusalOf(const Json::Value& error) {
    return {textOr(error, "code"), textOr(error, "message"), textOr(error, "cure"), error["details"]};
}

}  // namespace

std::string findSocket(const std::string& given, const char* variable, const std::string& folder) {
    if (!given.empty()) {
        return given;
    }
    if (variable != nullptr && *variable != '\0') {
        return variable;
    }
    std::vector<std::string> found = candidates(folder);
    if (found.size() > 1 && std::any_of(found.begin(), found.end(), inUse)) {
        std::erase_if(found, [](const std::string& path) { return !inUse(path); });
    }
    if (found.size() == 1) {
        return found[0];
    }
    if (found.empty()) {
        throw Unreachable(
            "no host seems to run here: there is no control socket in ./stoa-state, ./build/run or "
            "/run/stoa.\nStart one, or name its socket: stoactl --socket PATH …, or STOA_CONTROL=PATH");
    }
    std::string list;
    for (const std::string& path : found) {
        list += "\n  " + path;
    }
    throw Unreachable("several hosts run here; say which with --socket PATH or STOA_CONTROL=PATH:" + list);
}

tl::expected<Json::Value, Refusal> ask(const std::string& socket, const std::string& command,
                                       const Json::Value& arguments,
                                       const std::function<void(const Json::Value&)>& progress) {
    host::control::Descriptor connection;
    try {
        connection = host::control::connectTo(socket);
    } catch (const Error& error) {
        throw Unreachable(
            error.status() == STOA_FORBIDDEN
                ? fmt::format("this user may not use {}: run stoactl as the user that the host runs as", socket)
                : fmt::format("no host answers at {} ({}).\nStart one, or name another socket with --socket "
                              "PATH",
                              socket, error.what()));
    }
    Json::Value question;
    question["command"] = command;
    question["arguments"] = arguments;
    const bool asked = host::control::writeAll(connection.get(), writeJson(question) + '\n', Milliseconds{10'000});
    LineReader reader(connection.get(), -1, kMaxAnswer);
    std::string line;
    while (asked && reader.next(line, Milliseconds{0}, Milliseconds{0}) == ReadEnd::kLine) {
        const auto answer = parseJson(line);
        if (!answer || !answer->isObject()) {
            break;
        }
        if (answer->isMember("progress")) {
            progress((*answer)["progress"]);
        } else if (answer->isMember("error")) {
            return tl::unexpected(refusalOf((*answer)["error"]));
        } else {
            return (*answer)["result"];
        }
    }
    throw Unreachable(fmt::format("the host at {} went away before it answered; its log says why", socket));
}

}  // namespace stoa::stoactl
