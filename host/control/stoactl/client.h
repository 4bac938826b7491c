/// Asks a running host over its control socket.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include <json/value.h>
#include <tl/expected.hpp>

namespace stoa::stoactl {

/// What the host said no with.
struct Refusal {
    std::string code;
    std::string message;
    std::string cure;
    Json::Value details;  ///< for programs; null when there are none
};

/// No host answers at the socket. The text says what to do.
class Unreachable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The socket to ask: `given`, else STOA_CONTROL, else the one that exists below `folder` or in /run/stoa. Throws
/// Unreachable when there is none, or several that could be meant.
std::string findSocket(const std::string& given, const char* variable, const std::string& folder);

/// Sends the question and waits for the answer, however long it takes; `progress` for each step. Throws Unreachable.
tl::expected<Json::Value, Refusal> ask(const std::string& socket, const std::string& command,
                                       const Json::Value& arguments,
                                       const std::function<void(const Json::Value&)>& progress);

}  // namespace stoa::stoactl
