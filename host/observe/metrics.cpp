#include "host/observe/metrics.h"

#include <cmath>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <prometheus/check_names.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <stoa/error.h>

namespace stoa::host::observe {
namespace {

/// OpenTelemetry, semantic conventions, http.server.request.duration: the advised boundaries.
prometheus::Histogram::BucketBoundaries durationBuckets() {
    return {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};
}

class CounterSeries : public Counter {
public:
    void add(double value) override {
        if (value > 0) {  // also keeps NaN out
            metric_.Increment(value);
        }
    }
    prometheus::ClientMetric collect() const { return metric_.Collect(); }

private:
    prometheus::Counter metric_;
};

class GaugeSeries : public Gauge {
public:
    void set(double value) override { metric_.Set(value); }
    void add(double value) override { metric_.Increment(value); }
    prometheus::ClientMetric collect() const { return metric_.Collect(); }

private:
    prometheus::Gauge metric_;
};

class HistogramSeries : public Histogram {
public:
    void observe(double value) override {
        if (std::isfinite(value)) {
            metric_.Observe(value);
        }
    }
    prometheus::ClientMetric collect() const { return metric_.Collect(); }

private:
    prometheus::Histogram metric_{durationBuckets()};
};

void checkNames(const std::string& name, const Labels& labels) {
    if (!prometheus::CheckMetricName(name)) {
        throw Error(STOA_INVALID,
                    fmt::format("metric name \"{}\": use letters, digits and _, as Prometheus does", name));
    }
    for (const auto& [label, value] : labels) {
        if (!prometheus::CheckLabelName(label) || label == "le" || label == "quantile") {
            throw Error(STOA_INVALID,
                        fmt::format("metric {}: label name \"{}\" is not one that Prometheus takes", name, label));
        }
    }
}

/// All series of one kind. They are held weakly: who stops holding one has taken it out. prometheus::Family would need
/// to be told, and a series that is asked for again meanwhile would be removed with the old one.
template <class Series, prometheus::MetricType Type>
class Kind {
public:
    bool knows(const std::string& name) const { return families_.contains(name); }

    std::shared_ptr<Series> find(const std::string& name, const std::string& help, const Labels& labels) {
        Family& family = families_[name];
        if (family.help.empty()) {
            family.help = help;
        }
        std::weak_ptr<Series>& known = family.series[labels];
        auto series = known.lock();
        if (!series) {
            series = std::make_shared<Series>();
            known = series;
        }
        return series;
    }

    void collect(std::vector<prometheus::MetricFamily>& out) {
        for (auto& [name, family] : families_) {
            prometheus::MetricFamily collected{name, family.help, Type, {}};
            for (auto entry = family.series.begin(); entry != family.series.end();) {
                const auto series = entry->second.lock();
                if (!series) {
                    entry = family.series.erase(entry);
                    continue;
                }
                prometheus::ClientMetric metric = series->collect();
                for (const auto& [label, value] : entry->first) {
                    metric.label.push_back({label, value});
                }
                collected.metric.push_back(std::move(metric));
                ++entry;
            }
            if (!collected.metric.empty()) {
                out.push_back(std::move(collected));
            }
        }
    }

private:
    struct Family {
        std::string help;
        std::map<Labels, std::weak_ptr<Series>> series;
    };
    std::map<std::string, Family> families_;
};

}  // namespace

struct Metrics::Impl {
    /// A refresher outlives Metrics when its handle does; then nobody runs it any more.
    struct Refreshers {
        std::mutex mutex;
        std::map<std::uint64_t, std::function<void()>> all;
        std::uint64_t next = 0;
    };

    mutable std::mutex mutex;
    Kind<CounterSeries, prometheus::MetricType::Counter> counters;
    Kind<GaugeSeries, prometheus::MetricType::Gauge> gauges;
    Kind<HistogramSeries, prometheus::MetricType::Histogram> histograms;
    std::shared_ptr<Refreshers> refreshers = std::make_shared<Refreshers>();

    void checkKind(const std::string& name, bool counter, bool gauge, bool histogram) const {
        if ((counters.knows(name) && !counter) || (gauges.knows(name) && !gauge) ||
            (histograms.knows(name) && !histogram)) {
            throw Error(STOA_INVALID, fmt::format("metric {} is of another kind already: choose another name", name));
        }
    }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}

Metrics::~Metrics() = default;

std::shared_ptr<Counter> Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    checkNames(name, labels);
    const std::lock_guard lock(impl_->mutex);
    impl_->checkKind(name, true, false, false);
    return impl_->counters.find(name, help, labels);
}

std::shared_ptr<Gauge> Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    checkNames(name, labels);
    const std::lock_guard lock(impl_->mutex);
    impl_->checkKind(name, false, true, false);
    return impl_->gauges.find(name, help, labels);
}

std::shared_ptr<Histogram> Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels) {
    checkNames(name, labels);
    const std::lock_guard lock(impl_->mutex);
    impl_->checkKind(name, false, false, true);
    return impl_->histograms.find(name, help, labels);
}

std::shared_ptr<void> Metrics::beforeExpose(std::function<void()> refresh) {
    auto refreshers = impl_->refreshers;
    const std::lock_guard lock(refreshers->mutex);
    const std::uint64_t id = refreshers->next++;
    refreshers->all.emplace(id, std::move(refresh));
    return {nullptr, [refreshers, id](void*) {
                const std::lock_guard guard(refreshers->mutex);
                refreshers->all.erase(id);
            }};
}

std::string Metrics::expose() const {
    {
        const std::lock_guard lock(impl_->refreshers->mutex);
        for (const auto& [id, refresh] : impl_->refreshers->all) {
            refresh();
        }
    }
    std::vector<prometheus::MetricFamily> families;
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->counters.collect(families);
        impl_->gauges.collect(families);
        impl_->histograms.collect(families);
    }
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace stoa::host::observe
