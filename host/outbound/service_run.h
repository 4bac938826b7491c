/// One call to a service, with its attempts. Internal.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "host/outbound/directory_index.h"
#include "host/outbound/service_client.h"
#include "host/outbound/service_target.h"

namespace stoa::host::outbound {

/// What the runs of one ServiceClient share. Any thread.
class ServiceClient::Impl {
public:
    Impl(ServiceClientOptions given, HttpClient& http, registry::Registry& directory,
         security::ServiceTokens& service_tokens, observe::Metrics& series)
        : options(given), client(http), registry(directory), tokens(service_tokens), metrics(series) {}

    std::shared_ptr<ServiceTarget> target(const std::string& name);
    std::shared_ptr<const DirectoryIndex> index();
    /// While calls go on: who looks for the auth service's keys calls before the host listens.
    void setLocal(http::Handler* local, std::function<bool(const std::string& service)> serves_locally);
    /// The handler, when the service is to be called without a socket.
    http::Handler* localFor(const std::string& service);
    void observeCall(const std::string& service, const std::string& target, const std::string& method, int status,
                     double seconds);

    const ServiceClientOptions options;
    HttpClient& client;
    registry::Registry& registry;
    security::ServiceTokens& tokens;
    observe::Metrics& metrics;

private:
    std::mutex mutex_;  ///< what follows
    http::Handler* local_ = nullptr;
    std::function<bool(const std::string& service)> serves_locally_;
    std::map<std::string, std::shared_ptr<ServiceTarget>> targets_;
    std::shared_ptr<const DirectoryIndex> index_;
    std::map<std::string, std::shared_ptr<observe::Histogram>> durations_;
};

/// Attempts follow each other; cancel() may come from any thread.
class ServiceRun : public Operation, public std::enable_shared_from_this<ServiceRun> {
public:
    ServiceRun(std::shared_ptr<ServiceClient::Impl> client, ServiceCall call, Caller caller, HttpClient::Done done);
    ~ServiceRun() override;
    void begin();
    void cancel() override;

private:
    using Clock = std::chrono::steady_clock;
    void attempt();
    bool compose(HttpCall& call);
    void onOutcome(Outcome outcome, const std::string& address);
    bool tryAgain(const Outcome& outcome);
    void finish(Outcome outcome);
    void failLater(stoa_status status, std::string why);
    void endRetry();
    void keep(std::shared_ptr<Operation> operation);

    const std::shared_ptr<ServiceClient::Impl> client_;
    const std::shared_ptr<ServiceTarget> target_;
    ServiceCall call_;
    const Caller caller_;
    HttpClient::Done done_;
    const Clock::time_point begun_ = Clock::now();
    Deadline deadline_;
    std::optional<Breaker::Leave> leave_;
    int attempts_ = 0;
    bool retrying_ = false;
    bool sent_ = false;
    std::string last_address_;

    std::mutex mutex_;  ///< of the two below
    std::shared_ptr<Operation> operation_;
    bool cancelled_ = false;
};

}  // namespace stoa::host::outbound
