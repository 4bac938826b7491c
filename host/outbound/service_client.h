/// REST calls to services of the fleet by name: discovery, balancing, retries, breaker, tokens, deadline, short cut.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/work.h"
#include "host/http/message.h"
#include "host/observe/metrics.h"
#include "host/outbound/http_client.h"
#include "host/security/authenticator.h"
#include "registry/registry.h"

namespace stoa::host::outbound {

class DirectoryIndex;

struct ServiceClientOptions {
    std::chrono::milliseconds default_timeout{5'000};  ///< when neither call nor work has a deadline
    int max_attempts = 3;
    std::chrono::milliseconds retry_base{50};  ///< full jitter: up to this, doubled for each further attempt
    std::size_t max_answer = 16 << 20;
};

struct ServiceCall {
    std::string service;
    std::string method = "GET";
    std::string path;  ///< with query
    http::Headers headers;
    std::string body;
    std::shared_ptr<http::BodySource> source;  ///< instead of `body`; never retried
    bool as_user = false;                      ///< the work's user token travels too
    bool idempotent = false;                   ///< may be sent again though its method is not idempotent
    bool stream_answer = false;
    std::chrono::milliseconds timeout{0};  ///< 0: what is left of the work's deadline, else the default
};

/// On whose behalf: what goes along in headers.
struct Caller {
    std::string service;  ///< whose service token
    std::string correlation_id, trace_id, span_id;
    bool sampled = true;
    std::string user_token;
    std::optional<Deadline> deadline;
    /// From currentWork(); empty without one.
    static Caller current();
};

/// Any thread.
class ServiceClient {
public:
    ServiceClient(ServiceClientOptions options, HttpClient& client, registry::Registry& registry,
                  security::ServiceTokens& tokens, observe::Metrics& metrics);
    ~ServiceClient();

    /// Turns the short cut on (`outbound.local: direct`): what this host serves itself goes to `local` without a
    /// socket. Before the first call, and again with nullptr before `local` goes away.
    void setLocal(http::Handler* local, std::function<bool(const std::string& service)> serves_locally);

    /// Asynchronous; `done` runs once, never inside this call: on an I/O thread or, after the short cut, on the thread
    /// that answered.
    std::shared_ptr<Operation> start(ServiceCall call, Caller caller, HttpClient::Done done);
    /// [worker] Waits; on behalf of currentWork(). With a transaction open: STOA_INVALID.
    Outcome call(ServiceCall call);
    /// [worker] All at once, answers in the order of the calls.
    std::vector<Outcome> callAll(std::vector<ServiceCall> calls);

    /// Of the directory as it is now; built once per directory.
    std::shared_ptr<const DirectoryIndex> index() const;
    HttpClient& http();

    class Impl;  // service_run.h

private:
    std::shared_ptr<Impl> impl_;
};

}  // namespace stoa::host::outbound
