/// Series of requests: http_server_request_duration_seconds by service, version, route template, method and status.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "host/observe/metrics.h"

namespace stoa::host::dispatch {

/// Any thread. Series of a service go when it is withdrawn, or when another version of it is served.
class RequestMetrics {
public:
    explicit RequestMetrics(observe::Metrics& metrics) : metrics_(metrics) {}

    void record(const std::string& service, const std::string& version, const std::string& route,
                const std::string& method, int status, double seconds);
    /// Drops the series of every version of the service but these.
    void keepOnly(const std::string& service, const std::set<std::string>& versions);

private:
    using Key = std::tuple<std::string, std::string, std::string, std::string, int>;

    observe::Metrics& metrics_;
    std::mutex mutex_;
    std::map<Key, std::shared_ptr<observe::Histogram>> series_;
};

}  // namespace stoa::host::dispatch
