/// What a version in memory leaves to the one that follows it.
#pragma once

#include <chrono>
#include <string>

#include "host/plugin/slot.h"
#include "host/plugin/worker_pool.h"

namespace stoa::host::plugin {

/// [control] The blob that the active generation saves; empty when it has none. It saves on one of its own workers, so
/// that one which never ends holds up no upgrade: its generation is then parked with it. Throws stoa::Error: what the
/// plugin said, STOA_DEADLINE, STOA_EXHAUSTED (too large, or no worker was free).
std::string saveState(Slot& slot, WorkerPool& pool, std::chrono::milliseconds limit);

}  // namespace stoa::host::plugin
