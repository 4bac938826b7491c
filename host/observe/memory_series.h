/// The memory of each generation as series.
#pragma once

#include <memory>

namespace stoa::host::observe {

class Metrics;

/// stoa_plugin_memory_bytes{service,version,generation} of every open account, read when somebody looks; a series goes
/// with its generation. What unloaded ones did not give back is stoa_plugin_memory_left_bytes. Until the handle goes;
/// `metrics` outlives it.
[[nodiscard]] std::shared_ptr<void> memorySeries(Metrics& metrics);

}  // namespace stoa::host::observe
