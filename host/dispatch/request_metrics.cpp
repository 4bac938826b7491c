#include "host/dispatch/request_metrics.h"

namespace stoa::host::dispatch {

void RequestMetrics::record(const std::string& service, const std::string& version, const std::string& route,
                            const std::string& method, int status, double seconds) {
    std::shared_ptr<observe::Histogram> histogram;
    {
        const std::lock_guard lock(mutex_);
        auto& found = series_[Key{service, version, route, method, status}];
        if (!found) {
            found = metrics_.histogram("http_server_request_duration_seconds",
                                       "Time from the head of a request to its answer, by route template.",
                                       {{"service", service},
                                        {"version", version},
                                        {"route", route},
                                        {"method", method},
                                        {"status", std::to_string(status)}});
        }
        histogram = found;
    }
    histogram->observe(seconds);
}

void RequestMetrics::keepOnly(const std::string& service, const std::set<std::string>& versions) {
    const std::lock_guard lock(mutex_);
    std::erase_if(series_, [&](const auto& entry) {
        return std::get<0>(entry.first) == service && !versions.contains(std::get<1>(entry.first));
    });
}

}  // namespace stoa::host::dispatch
