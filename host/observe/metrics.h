/// Prometheus series over prometheus-cpp. Find a series once and keep it; recording is lock-free or nearly so.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace stoa::host::observe {

using Labels = std::map<std::string, std::string>;

class Counter {
public:
    virtual ~Counter() = default;
    virtual void add(double value = 1) = 0;
};

class Gauge {
public:
    virtual ~Gauge() = default;
    virtual void set(double value) = 0;
    virtual void add(double value) = 0;
};

class Histogram {
public:
    virtual ~Histogram() = default;
    virtual void observe(double value) = 0;
};

/// One per host; any thread. A series lives while somebody holds it: the last shared_ptr takes it out of the
/// exposition, so what is keyed by a plugin goes with the plugin. Asking twice for the same name and labels gives the
/// same series. A bad name or label, or a name that is another kind already, throws stoa::Error (STOA_INVALID).
class Metrics {
public:
    Metrics();
    ~Metrics();
    std::shared_ptr<Counter> counter(const std::string& name, const std::string& help, const Labels& labels = {});
    std::shared_ptr<Gauge> gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    /// With OpenTelemetry's default buckets for durations in seconds (0.005 … 10).
    std::shared_ptr<Histogram> histogram(const std::string& name, const std::string& help, const Labels& labels = {});
    /// Runs `refresh` before each exposition, on the thread that exposes, until the returned handle goes: for gauges
    /// that are read, not kept up to date. When the handle has gone `refresh` is not running any more.
    [[nodiscard]] std::shared_ptr<void> beforeExpose(std::function<void()> refresh);
    /// Prometheus text format 0.0.4.
    std::string expose() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::host::observe
