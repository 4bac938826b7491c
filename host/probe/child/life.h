/// The life of a plugin, once through, in the process that may die of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <json/value.h>

#include "host/probe/child/report.h"

namespace stoa::host::probe {

/// What the parent asks for.
struct Task {
    std::string file;
    Json::Value settings;
    std::uint64_t memory_bytes = 0;
    std::chrono::milliseconds health{};  ///< so long it may take to become healthy
};

/// Reads the task from the descriptor 0. Throws std::runtime_error when there is none.
Task readTask();

/// Bounds this process: memory, no core file, dies with its parent, out of the way of those who serve.
void confine(const Task& task);

/// Mapped, negotiated, migrated, created, started, healthy, the self-test, stopped, unmapped; `report` is told all of
/// it. Ends after the first stage that fails, but the self-test tries everything.
void live(const Task& task, const Report& report);

}  // namespace stoa::host::probe
