/// A probe's result for people and for programs.
#pragma once

#include <string>

#include "host/probe/probe.h"

namespace stoa::host::probe {

std::string asText(const ProbeOptions& options, const ProbeResult& result);
/// One line.
std::string asJson(const ProbeOptions& options, const ProbeResult& result);

}  // namespace stoa::host::probe
