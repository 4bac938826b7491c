/// The command line of stoa-probe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/probe/probe.h"

namespace stoa::host::probe {

struct CommandLine {
    ProbeOptions options;
    bool json = false;
};

extern const char* const kHelp;

/// Nothing when help is asked for. Throws std::invalid_argument with a sentence.
std::optional<CommandLine> readCommandLine(const std::vector<std::string>& arguments);

}  // namespace stoa::host::probe
