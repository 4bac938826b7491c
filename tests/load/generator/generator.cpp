#include "tests/load/generator/generator.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <limits>
#include <stdexcept>

#include <json/reader.h>
#include <json/value.h>

namespace stoa::load {
namespace {

constexpr std::uint32_t kTimer = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kSignals = kTimer - 1;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kLookUs = 50'000;  ///< at least so often: for requests without an answer

std::int64_t nowUs() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

void watchDescriptor(int epoll, int descriptor, std::uint32_t index, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u32 = index;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        throw std::runtime_error("epoll does not take a descriptor");
    }
}

/// A text field of the answer's JSON, or nothing.
std::string fieldOf(const std::string& body, const std::string& field) {
    Json::Value value;
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    if (field.empty() || !reader->parse(body.data(), body.data() + body.size(), &value, nullptr) || !value.isObject()) {
        return {};
    }
    return value.get(field, "").asString();
}

}  // namespace

Generator::Generator(Plan plan, Recorder& recorder)
    : plan_(std::move(plan)), recorder_(recorder), credit_(plan_.kinds.size()) {
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, nullptr);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    signals_ = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
    watchDescriptor(epoll_, timer_, kTimer, EPOLLIN);
    watchDescriptor(epoll_, signals_, kSignals, EPOLLIN);
    for (std::uint32_t index = 0; index < plan_.connections; ++index) {
        connections_.push_back(std::make_unique<Connection>(plan_.host, plan_.port));
        connections_.back()->open();
        watch(*connections_.back(), index);
        free_.push_back(index);
    }
    timeout_us_ = static_cast<std::int64_t>(plan_.timeout * kSecond);
}

Generator::~Generator() {
    for (const int descriptor : {epoll_, timer_, signals_}) {
        close(descriptor);
    }
}

void Generator::watch(Connection& connection, std::uint32_t index) {
    watchDescriptor(epoll_, connection.descriptor(), index, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

void Generator::run() {
    start_us_ = nowUs();
    end_us_ = plan_.seconds > 0 ? start_us_ + static_cast<std::int64_t>(plan_.seconds * kSecond)
                                : std::numeric_limits<std::int64_t>::max();
    while (!stopping_ || under_way_ > 0 || !waiting_.empty()) {
        const std::int64_t now = nowUs();
        stopping_ = stopping_ || now >= end_us_;
        if (!stopping_) {
            addDue(now);
        }
        sendWaiting(now);
        giveUpLate(now);
        waitForEvents();
    }
}

void Generator::addDue(std::int64_t now) {
    if (plan_.rate <= 0) {
        while (waiting_.size() < free_.size()) {
            waiting_.push_back(next(now));
        }
        return;
    }
    for (;;) {
        const auto due = start_us_ + static_cast<std::int64_t>(static_cast<double>(due_) * kSecond / plan_.rate);
        if (due > now) {
            armTimer(std::min(due, now + kLookUs));
            return;
        }
        ++due_;
        waiting_.push_back(next(due));
    }
}

void Generator::sendWaiting(std::int64_t now) {
    while (!waiting_.empty() && !free_.empty()) {
        const std::uint32_t index = free_.front();
        free_.pop_front();
        Connection& connection = *connections_[index];
        if (!connection.isOpen()) {
            connection.open();
            watch(connection, index);
            recorder_.addReconnect();
        }
        Outcome request = std::move(waiting_.front());
        waiting_.pop_front();
        std::string text = textOf(request);
        ++under_way_;
        connection.send(std::move(request), std::move(text));
    }
    if (plan_.rate <= 0 || stopping_) {
        armTimer(now + kLookUs);
    }
}

void Generator::giveUpLate(std::int64_t now) {
    for (std::uint32_t index = 0; index < connections_.size(); ++index) {
        Connection& connection = *connections_[index];
        if (connection.busy() && now - connection.underWay().due_us > timeout_us_) {
            connection.close();
            connection.underWay().status = kLost;
            conclude(connection);
            free_.push_back(index);
        }
    }
}

void Generator::armTimer(std::int64_t at_us) const {
    itimerspec when{};
    when.it_value.tv_sec = at_us / kSecond;
    when.it_value.tv_nsec = at_us % kSecond * 1000;
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void Generator::waitForEvents() {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
        const std::uint32_t index = events[static_cast<std::size_t>(i)].data.u32;
        if (index == kTimer) {
            std::uint64_t expirations = 0;
            [[maybe_unused]] const ssize_t got = read(timer_, &expirations, sizeof expirations);
        } else if (index == kSignals) {
            signalfd_siginfo signal;
            stopping_ = read(signals_, &signal, sizeof signal) > 0 || stopping_;
        } else {
            handle(index);
        }
    }
}

void Generator::handle(std::uint32_t index) {
    Connection& connection = *connections_[index];
    if (!connection.isOpen()) {
        return;
    }
    connection.write();
    const bool ended = connection.read();
    if (connection.hasUnexpected()) {
        recorder_.addDuplicate("bytes on connection " + std::to_string(index) + " that answer no request");
        connection.close();
    }
    if (ended) {
        conclude(connection);
        free_.push_back(index);
    }
}

/// Records the request that has ended, and sends it again when it is one of those that are.
void Generator::conclude(Connection& connection) {
    const std::int64_t now = nowUs();
    --under_way_;
    const Answer& answer = connection.answer();
    Outcome outcome = connection.finish();
    if (outcome.status > 0 && !answer.correlation().empty() && answer.correlation() != correlationOf(outcome)) {
        recorder_.addDuplicate("the answer to " + correlationOf(outcome) + " is one to " + answer.correlation());
    }
    outcome.latency_us = now - outcome.due_us;
    const Kind& kind = *outcome.kind;
    const bool good = kind.expected.contains(outcome.status);
    const std::string id = good ? fieldOf(answer.body(), kind.id_field) : std::string();
    if (outcome.again && good && id != outcome.id) {
        recorder_.addDuplicate("key " + outcome.key + " was answered with " + outcome.id + ", then with " + id);
    }
    outcome.id = id;
    recorder_.add(outcome);
    const bool repeats = kind.repeat_every > 0 && outcome.number % kind.repeat_every == 0;
    if (good && repeats && !outcome.again) {
        outcome.again = true;
        outcome.due_us = now;
        waiting_.push_back(std::move(outcome));
    }
}

Outcome Generator::next(std::int64_t due_us) {
    Outcome request;
    request.number = numbers_++;
    request.kind = &nextKind();
    request.due_us = due_us;
    if (request.kind->idempotent) {
        request.key = plan_.prefix + '-' + std::to_string(request.number);
    }
    return request;
}

/// Spreads the kinds evenly by their weights: each gains its weight, the richest is taken and pays for it.
const Kind& Generator::nextKind() {
    int total = 0;
    for (std::size_t i = 0; i < credit_.size(); ++i) {
        credit_[i] += plan_.kinds[i].weight;
        total += plan_.kinds[i].weight;
    }
    const auto richest = std::max_element(credit_.begin(), credit_.end());
    *richest -= total;
    return plan_.kinds[static_cast<std::size_t>(richest - credit_.begin())];
}

std::string Generator::correlationOf(const Outcome& request) const {
    return plan_.prefix + '-' + std::to_string(request.number) + (request.again ? "-again" : "");
}

std::string Generator::textOf(const Outcome& request) const {
    std::string text = request.kind->head + "X-Correlation-ID: " + correlationOf(request) + "\r\n";
    if (!request.key.empty()) {
        text += "Idempotency-Key: " + request.key + "\r\n";
    }
    return text + "\r\n" + request.kind->body;
}

}  // namespace stoa::load
