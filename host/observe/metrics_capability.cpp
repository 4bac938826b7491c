#include <stoa/abi/metrics.h>

#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include <stoa/error.h>

#include "host/base/work.h"
#include "host/memory/account.h"
#include "host/observe/capabilities.h"
#include "host/observe/metrics.h"

struct stoa_series {
    std::variant<std::shared_ptr<stoa::host::observe::Counter>, std::shared_ptr<stoa::host::observe::Gauge>,
                 std::shared_ptr<stoa::host::observe::Histogram>>
        series;
};

namespace stoa::host::observe {
namespace {

constexpr std::size_t kMaxSeries = 1000;

void recordIn(Counter& counter, double value) { counter.add(value); }
void recordIn(Gauge& gauge, double value) { gauge.add(value); }
void recordIn(Histogram& histogram, double value) { histogram.observe(value); }

class MetricsBinding : public plugin::Binding {
public:
    MetricsBinding(Metrics& metrics, const plugin::Environment& environment)
        : metrics_(metrics), service_(environment.service), version_(environment.version) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.series = [](const stoa_metrics* table, std::uint32_t kind, stoa_str name, stoa_str help,
                           const stoa_pair* labels, size_t count, stoa_series** series) -> stoa_status {
            const memory::HostScope host;
            try {
                *series = static_cast<MetricsBinding*>(table->self)
                              ->find(kind, std::string(text(name)), std::string(text(help)), {labels, count});
                return STOA_OK;
            } catch (const Error& error) {
                setLastError(error.what());
                return error.status();
            } catch (const std::exception& error) {
                setLastError(error.what());
                return STOA_INTERNAL;
            }
        };
        table_.record = [](stoa_series* series, double value) {
            std::visit([value](const auto& held) { recordIn(*held, value); }, series->series);
        };
    }

    const void* table() const override { return &table_; }

private:
    stoa_series* find(std::uint32_t kind, const std::string& name, const std::string& help,
                      std::span<const stoa_pair> given) {
        Labels labels;
        for (const stoa_pair& label : given) {
            labels[std::string(text(label.name))] = text(label.value);
        }
        labels["service"] = service_;
        labels["version"] = version_;
        const std::lock_guard lock(mutex_);
        const auto known = series_.find({name, labels});
        if (known != series_.end() && known->second->series.index() == kind) {
            return known->second.get();
        }
        if (series_.size() >= kMaxSeries) {
            throw Error(STOA_EXHAUSTED, fmt::format("metric {}: {} has {} series already; use labels with few values",
                                                    name, service_, kMaxSeries));
        }
        auto made = std::make_unique<stoa_series>();
        switch (kind) {
            case STOA_COUNTER:
                made->series = metrics_.counter(name, help, labels);
                break;
            case STOA_GAUGE:
                made->series = metrics_.gauge(name, help, labels);
                break;
            case STOA_HISTOGRAM:
                made->series = metrics_.histogram(name, help, labels);
                break;
            default:
                throw Error(STOA_INVALID,
                            fmt::format("metric {}: kind {} is none of counter, gauge, histogram", name, kind));
        }
        return series_.emplace(std::pair{name, std::move(labels)}, std::move(made)).first->second.get();
    }

    stoa_metrics table_{};
    Metrics& metrics_;
    std::string service_;
    std::string version_;
    std::mutex mutex_;
    std::map<std::pair<std::string, Labels>, std::unique_ptr<stoa_series>> series_;
};

class MetricsCapability : public plugin::Capability {
public:
    explicit MetricsCapability(Metrics& metrics) : metrics_(metrics) {}
    std::string_view id() const override { return STOA_METRICS_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override {
        return std::make_unique<MetricsBinding>(metrics_, environment);
    }

private:
    Metrics& metrics_;
};

}  // namespace

std::unique_ptr<plugin::Capability> metricsCapability(Metrics& metrics) {
    return std::make_unique<MetricsCapability>(metrics);
}

}  // namespace stoa::host::observe
