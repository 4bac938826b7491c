/// What stoactl knows: each command with its operands and options. The table is what is parsed and what --help prints.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace stoa::stoactl {

enum class Kind {
    kNone,      ///< ends a list
    kFlag,      ///< an option without a value: true
    kText,      ///< as it was written
    kFile,      ///< made absolute: the host runs elsewhere
    kNumber,    ///< an integer
    kDuration,  ///< "250ms", "60s", "5m", "2h": as milliseconds
    kShare,     ///< "10%", "0.5%": of 10,000
    kTexts,     ///< this operand and all that follow: a list
};

/// An operand ("FILE") or an option ("--canary"): how it is written and what the host calls it.
struct Parameter {
    std::string_view name;
    std::string_view key;
    Kind kind = Kind::kNone;
    std::string_view description = {};
    bool optional = false;  ///< operands only: options always are
};

constexpr std::size_t kMaxParameters = 13;

struct Command {
    std::string_view name;
    std::string_view summary;
    std::string_view details;
    Parameter operands[3] = {};
    Parameter options[kMaxParameters] = {};
};

std::span<const Command> commands();
/// "upgrade FILE [--canary SHARE] …"
std::string usageOf(const Command& command);

}  // namespace stoa::stoactl
