#include "host/outbound/loop_pool.h"

#include <algorithm>

#include "host/outbound/client_connection.h"

namespace stoa::host::outbound {

LoopPool::LoopPool(HttpClientOptions options, std::shared_ptr<http::Loop> loop, std::size_t share_of_loops,
                   std::function<boost::asio::ssl::context&()> tls)
    : options_(std::move(options)),
      loop_(std::move(loop)),
      max_open_(std::max<std::size_t>(options_.max_per_origin / share_of_loops, 1)),
      tls_(std::move(tls)) {}

void LoopPool::start(const std::shared_ptr<Job>& job, bool fresh) {
    if (job->finished()) {
        return;
    }
    if (shut_down_) {
        job->fail(STOA_UNAVAILABLE, "this host is stopping");
        return;
    }
    if (const auto connection = takeIdle(job->origin)) {
        if (!fresh) {
            connection->run(job);
            return;
        }
        connection->close();  // it is as old as the one that was stale
    }
    auto& slot = slots_[job->origin];
    if (slot.open < max_open_) {
        open(job, slot);
        return;
    }
    if (slot.waiting.size() >= options_.max_waiting) {
        std::erase_if(slot.waiting, [](const auto& waiting) { return waiting->finished(); });
    }
    if (slot.waiting.size() >= options_.max_waiting) {
        job->fail(STOA_EXHAUSTED, "too many calls wait for a connection to " + job->origin.authority());
        return;
    }
    slot.waiting.push_back(job);
}

void LoopPool::open(const std::shared_ptr<Job>& job, Slot& slot) {
    ++slot.open;
    ++open_count;
    const auto connection = std::make_shared<ClientConnection>(shared_from_this(), job->origin);
    connections_.insert(connection.get());
    connection->connect(job);
}

/// The most recently used one: the others may time out.
std::shared_ptr<ClientConnection> LoopPool::takeIdle(const Origin& origin) {
    const auto found = slots_.find(origin);
    if (found == slots_.end() || found->second.idle.empty()) {
        return nullptr;
    }
    auto connection = std::move(found->second.idle.back());
    found->second.idle.pop_back();
    --idle_count;
    return connection;
}

std::shared_ptr<Job> LoopPool::nextWaiting(Slot& slot) {
    while (!slot.waiting.empty()) {
        auto job = std::move(slot.waiting.front());
        slot.waiting.pop_front();
        if (!job->finished()) {
            return job;
        }
    }
    return nullptr;
}

void LoopPool::giveBack(const std::shared_ptr<ClientConnection>& connection) {
    auto& slot = slots_[connection->origin()];
    if (const auto job = nextWaiting(slot)) {
        connection->run(job);
        return;
    }
    slot.idle.push_back(connection);
    ++idle_count;
    connection->rest();
}

void LoopPool::gone(ClientConnection& connection) {
    connections_.erase(&connection);
    --open_count;
    const auto found = slots_.find(connection.origin());
    auto& slot = found->second;
    --slot.open;
    const auto idle = std::find_if(slot.idle.begin(), slot.idle.end(),
                                   [&](const auto& candidate) { return candidate.get() == &connection; });
    if (idle != slot.idle.end()) {
        --idle_count;
        slot.idle.erase(idle);
    }
    if (const auto job = shut_down_ ? nullptr : nextWaiting(slot)) {
        open(job, slot);
    } else if (slot.open == 0 && slot.waiting.empty()) {
        slots_.erase(found);
    }
}

void LoopPool::shutDown() {
    shut_down_ = true;
    for (auto& [origin, slot] : slots_) {
        for (const auto waiting = std::exchange(slot.waiting, {}); const auto& job : waiting) {
            job->fail(STOA_UNAVAILABLE, "this host is stopping");
        }
    }
    const std::vector<ClientConnection*> all(connections_.begin(), connections_.end());
    for (auto* const connection : all) {
        if (connections_.contains(connection)) {
            connection->shared_from_this()->fail(STOA_UNAVAILABLE, "this host is stopping");
        }
    }
}

Job::~Job() {
    if (watched_) {
        pool->loop()->unwatch(*this);
    }
}

void Job::begin() {
    if (finished()) {
        return;
    }
    if (call.deadline <= std::chrono::steady_clock::now()) {
        fail(STOA_DEADLINE, "no time was left for the call");
        return;
    }
    watched_ = true;
    pool->loop()->watch(*this);
    expireAt(call.deadline);
    pool->start(shared_from_this());
}

void Job::cancel() {
    pool->loop()->post([self = shared_from_this()] {
        self->fail(STOA_UNAVAILABLE, "nobody waits for the answer any more");
        if (const auto on = self->connection.lock()) {
            on->abandon(*self);
        }
    });
}

void Job::expired() {
    const auto self = shared_from_this();
    fail(STOA_DEADLINE, origin.authority() + " did not answer within the deadline");
    if (const auto on = connection.lock()) {
        on->abandon(*self);
    }
}

void Job::finish(Outcome outcome) {
    if (!done_) {
        return;
    }
    const auto self = shared_from_this();
    if (watched_) {
        watched_ = false;
        pool->loop()->unwatch(*this);
    }
    outcome.sent = sent;
    std::exchange(done_, nullptr)(std::move(outcome));
}

void Job::fail(stoa_status status, std::string why, bool broken) {
    Outcome outcome;
    outcome.status = status;
    outcome.error = std::move(why);
    outcome.broken = broken;
    finish(std::move(outcome));
}

bool Job::mayRepeat() const {
    if (finished() || repeated || source_used) {
        return false;
    }
    const auto& method = call.method;
    if (sent && call.once) {
        return false;
    }
    return !sent || call.idempotent || method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
           method == "OPTIONS";
}

}  // namespace stoa::host::outbound
