/// stoactl's arguments as a question to the host.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <json/value.h>

namespace stoa::stoactl {

struct Question {
    std::string command;  ///< as the host knows it: "dlq list"; "new" is not for a host
    Json::Value arguments{Json::objectValue};
    std::string socket;  ///< --socket, or empty
    bool json = false;
};

/// To be printed on standard output; exit 0.
struct Help {
    std::string text;
};

/// A mistake in the arguments, with what to write instead; exit 2.
struct Usage {
    std::string text;
};

using Parsed = std::variant<Question, Help, Usage>;

/// `arguments` without the program's name. `folder`: what a relative FILE is relative to.
Parsed parse(const std::vector<std::string>& arguments, const std::string& folder);

}  // namespace stoa::stoactl
