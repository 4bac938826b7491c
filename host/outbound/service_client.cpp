#include "host/outbound/service_client.h"

#include <condition_variable>
#include <mutex>

#include "host/outbound/service_run.h"

namespace stoa::host::outbound {
namespace {

/// Outcomes of calls that one thread waits for. Shared with the calls, so that one that is dropped does no harm.
struct Gathering {
    explicit Gathering(std::size_t count) : outcomes(count), missing(count) {}

    void put(std::size_t place, Outcome outcome) {
        const std::lock_guard lock{mutex};
        outcomes[place] = std::move(outcome);
        if (--missing == 0) {
            complete.notify_one();
        }
    }
    void wait() {
        std::unique_lock lock{mutex};
        complete.wait(lock, [this] { return missing == 0; });
    }

    std::mutex mutex;
    std::condition_variable complete;
    std::vector<Outcome> outcomes;
    std::size_t missing;
};

/// Reports the call as failed when it is dropped without an outcome: the I/O threads have ended.
class Place {
public:
    Place(std::shared_ptr<Gathering> gathering, std::size_t index) : gathering_(std::move(gathering)), index_(index) {}
    ~Place() {
        Outcome outcome;
        outcome.status = STOA_UNAVAILABLE;
        outcome.error = "this host is stopping";
        put(std::move(outcome));
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    void put(Outcome outcome) {
        if (!std::exchange(filled_, true)) {
            gathering_->put(index_, std::move(outcome));
        }
    }

private:
    std::shared_ptr<Gathering> gathering_;
    std::size_t index_;
    bool filled_ = false;
};

}  // namespace

Caller Caller::current() {
    Caller caller;
    if (const auto* const work = currentWork()) {
        caller.service = work->service;
        caller.correlation_id = work->correlation_id;
        caller.trace_id = work->trace_id;
        caller.span_id = work->span_id;
        caller.sampled = work->sampled;
        caller.user_token = work->user_token;
        caller.deadline = work->deadline;
    }
    return caller;
}

std::shared_ptr<ServiceTarget> ServiceClient::Impl::target(const std::string& name) {
    const std::lock_guard lock{mutex_};
    auto& found = targets_[name];
    if (!found) {
        found = std::make_shared<ServiceTarget>(name, metrics);
    }
    return found;
}

std::shared_ptr<const DirectoryIndex> ServiceClient::Impl::index() {
    auto directory = registry.directory();
    const std::lock_guard lock{mutex_};
    if (!index_ || index_->directory() != directory.get()) {
        index_ = std::make_shared<const DirectoryIndex>(std::move(directory));
    }
    return index_;
}

void ServiceClient::Impl::setLocal(http::Handler* local,
                                   std::function<bool(const std::string& service)> serves_locally) {
    const std::lock_guard lock{mutex_};
    local_ = local;
    serves_locally_ = std::move(serves_locally);
}

http::Handler* ServiceClient::Impl::localFor(const std::string& service) {
    const std::lock_guard lock{mutex_};
    return local_ && serves_locally_(service) ? local_ : nullptr;
}

void ServiceClient::Impl::observeCall(const std::string& service, const std::string& target, const std::string& method,
                                      int status, double seconds) {
    std::shared_ptr<observe::Histogram> series;
    {
        const std::lock_guard lock{mutex_};
        auto& found = durations_[service + ' ' + target + ' ' + method + ' ' + std::to_string(status)];
        if (!found) {
            found = metrics.histogram("client_request_duration_seconds",
                                      "Calls to services, with their retries; status 0: no answer",
                                      {{"service", service.empty() ? "host" : service},
                                       {"target", target},
                                       {"method", method},
                                       {"status", std::to_string(status)}});
        }
        series = found;
    }
    series->observe(seconds);
}

ServiceClient::ServiceClient(ServiceClientOptions options, HttpClient& client, registry::Registry& registry,
                             security::ServiceTokens& tokens, observe::Metrics& metrics)
    : impl_(std::make_shared<Impl>(options, client, registry, tokens, metrics)) {}

ServiceClient::~ServiceClient() = default;

void ServiceClient::setLocal(http::Handler* local, std::function<bool(const std::string& service)> serves_locally) {
    impl_->setLocal(local, std::move(serves_locally));
}

std::shared_ptr<Operation> ServiceClient::start(ServiceCall call, Caller caller, HttpClient::Done done) {
    auto run = std::make_shared<ServiceRun>(impl_, std::move(call), std::move(caller), std::move(done));
    run->begin();
    return run;
}

Outcome ServiceClient::call(ServiceCall call) {
    std::vector<ServiceCall> calls;
    calls.push_back(std::move(call));
    return std::move(callAll(std::move(calls)).front());
}

std::vector<Outcome> ServiceClient::callAll(std::vector<ServiceCall> calls) {
    if (impl_->client.io().onThread()) {
        throw Error(STOA_INTERNAL, "a blocking call on an I/O thread; use start()");
    }
    const auto caller = Caller::current();
    const auto gathering = std::make_shared<Gathering>(calls.size());
    const bool transaction = currentWork() && currentWork()->open_transactions > 0;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const auto place = std::make_shared<Place>(gathering, i);
        if (transaction) {
            Outcome outcome;
            outcome.status = STOA_INVALID;
            outcome.error = "a call to " + calls[i].service +
                            " while a transaction is open; end the transaction first, or call before it";
            place->put(std::move(outcome));
            continue;
        }
        start(std::move(calls[i]), caller, [place](Outcome outcome) { place->put(std::move(outcome)); });
    }
    gathering->wait();
    return std::move(gathering->outcomes);
}

std::shared_ptr<const DirectoryIndex> ServiceClient::index() const { return impl_->index(); }

HttpClient& ServiceClient::http() { return impl_->client; }

}  // namespace stoa::host::outbound
