/// One endpoint outside of the fleet, as the configuration names it.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include <json/value.h>

#include "host/outbound/http_client.h"
#include "host/outbound/reply.h"
#include "host/outbound/service_target.h"

namespace stoa::host::outbound {

class ExternalEndpoint {
public:
    /// `section`: {"url", "bearer", "timeout_ms"}; `bearer` is the secret itself, already looked up. Throws stoa::Error
    /// STOA_INVALID that names the key.
    ExternalEndpoint(const std::string& service, const std::string& name, const Json::Value& section,
                     std::string bearer, HttpClient& client, observe::Metrics& metrics);

    /// [worker] Sent once. `sent` of the outcome is exact.
    Outcome call(PlainCall call);

private:
    HttpCall compose(PlainCall call) const;
    std::shared_ptr<observe::Histogram> duration(const std::string& method, int status);

    const std::string service_;
    const std::string name_;
    const std::string bearer_;
    HttpClient& client_;
    observe::Metrics& metrics_;
    ServiceTarget target_;
    Origin origin_;
    std::string base_;
    std::chrono::milliseconds timeout_{10'000};
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<observe::Histogram>> durations_;  ///< by method and status
};

}  // namespace stoa::host::outbound
