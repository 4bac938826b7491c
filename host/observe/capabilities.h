/// The small capabilities: log, metrics, trace, clock and memory. Each file *_capability.cpp is one of them.
#pragma once

#include <memory>

#include "host/base/clock.h"
#include "host/plugin/capability.h"

namespace stoa::host::observe {

class Metrics;
class Tracer;

/// "stoa.log/1": lines of the plugin, with the ids of the work that its thread does.
std::unique_ptr<plugin::Capability> logCapability();

/// "stoa.metrics/1": at most 1,000 series a generation, labels service and version added; they go with the generation.
/// `metrics` outlives every binding.
std::unique_ptr<plugin::Capability> metricsCapability(Metrics& metrics);

/// "stoa.trace/1": spans inside the host's. `tracer` outlives every binding.
std::unique_ptr<plugin::Capability> traceCapability(Tracer& tracer);

/// "stoa.clock/1". `clock` outlives every binding.
std::unique_ptr<plugin::Capability> clockCapability(const Clock& clock);

/// "stoa.memory/1": counted in the generation's account with what its C++ code allocates; refused over
/// `plugins.<name>.memory_limit` bytes of both (0: no limit). The binding must outlive dlclose: static objects of the
/// plugin release their blocks there.
std::unique_ptr<plugin::Capability> memoryCapability();

}  // namespace stoa::host::observe
