#include "host/observe/memory_series.h"

#include <string>
#include <utility>
#include <vector>

#include "host/memory/account.h"
#include "host/observe/metrics.h"

namespace stoa::host::observe {
namespace {

class MemorySeries {
public:
    explicit MemorySeries(Metrics& metrics)
        : metrics_(metrics),
          left_(metrics.gauge("stoa_plugin_memory_left_bytes", "Memory that unloaded generations did not give back.")) {
    }

    void refresh() {
        std::vector<std::shared_ptr<Gauge>> now;
        for (const auto& account : memory::accounts()) {
            const memory::Owner& owner = account->owner();
            now.push_back(metrics_.gauge("stoa_plugin_memory_bytes", "Memory that the code of a generation holds.",
                                         {{"service", owner.service},
                                          {"version", owner.version},
                                          {"generation", std::to_string(owner.generation)}}));
            now.back()->set(static_cast<double>(account->inUse()));
        }
        shown_ = std::move(now);
        left_->set(static_cast<double>(memory::leftBehind()));
    }

private:
    Metrics& metrics_;
    std::shared_ptr<Gauge> left_;
    std::vector<std::shared_ptr<Gauge>> shown_;
};

}  // namespace

std::shared_ptr<void> memorySeries(Metrics& metrics) {
    return metrics.beforeExpose([series = std::make_shared<MemorySeries>(metrics)] { series->refresh(); });
}

}  // namespace stoa::host::observe
