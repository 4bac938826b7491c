#include "host/timer/conformance/conformance.h"

namespace stoa::host::timer {

TestExecutor::TestExecutor(int threads) {
    for (int i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { run(); });
    }
}

TestExecutor::~TestExecutor() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        changed_.notify_all();
    }
    for (auto& thread : threads_) {
        thread.join();
    }
}

bool TestExecutor::submit(std::function<void()> job) {
    const std::lock_guard lock{mutex_};
    if (full_) {
        ++refused_;
        return false;
    }
    jobs_.push_back(std::move(job));
    changed_.notify_one();
    return true;
}

void TestExecutor::setFull(bool full) {
    const std::lock_guard lock{mutex_};
    full_ = full;
}

int TestExecutor::refused() {
    const std::lock_guard lock{mutex_};
    return refused_;
}

void TestExecutor::run() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
            if (jobs_.empty()) {
                return;
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
    }
}

void Gate::open() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
}

void Gate::pass() {
    std::unique_lock lock{mutex_};
    ++waiting_;
    changed_.wait(lock, [&] { return open_; });
}

int Gate::waiting() {
    const std::lock_guard lock{mutex_};
    return waiting_;
}

void TimerConformance::setUp() {
    database_ = open();
    migrate(*database_);
    executor_ = std::make_unique<TestExecutor>(8);
    seen_.clear();
    handler_ = [](const Seen&, stoa_tx*) { return STOA_OK; };
}

void TimerConformance::tearDown() {
    executor_.reset();
    database_.reset();
}

std::unique_ptr<TimerService> TimerConformance::host(const std::string& id, int concurrency,
                                                     std::chrono::milliseconds longest_sleep) {
    TimerOptions options;
    options.service = "shop";
    options.host_id = id;
    options.concurrency = concurrency;
    options.longest_sleep = longest_sleep;
    const auto fire = [this](const std::string& name, const stoa_firing& firing, stoa_tx* tx) {
        Seen one{name, std::string{text(firing.key)}, std::string{text(firing.payload)}, firing.attempt, tx != nullptr};
        {
            const std::lock_guard lock{mutex_};
            seen_.push_back(one);
        }
        return handler_(one, tx);
    };
    const auto known = [this] {
        const std::lock_guard lock{mutex_};
        ++turns_;
        return known_;
    };
    const auto submit = [this](std::function<void()> job) { return executor_->submit(std::move(job)); };
    auto service =
        std::make_unique<TimerService>(*database_, clock_, metrics_, known, fire, submit, std::move(options));
    service->start();
    return service;
}

void TimerConformance::set(const std::string& name, const std::string& key, std::chrono::milliseconds from_now,
                           const std::string& payload) {
    database_->transact(sql::Mode::kWrite, {}, [&](sql::Transaction& tx) {
        setTimer(tx, clock_.now(), name, key, toMicros(clock_.now() + from_now), payload);
    });
}

std::int64_t TimerConformance::number(const std::string& query) {
    return std::get<std::int64_t>(database_->begin(sql::Mode::kRead)->execute(query, {}).rows.at(0).at(0));
}

std::vector<Seen> TimerConformance::seen() {
    const std::lock_guard lock{mutex_};
    return seen_;
}

int TimerConformance::turns() {
    const std::lock_guard lock{mutex_};
    return turns_;
}

void TimerConformance::eventually(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
        CPPUNIT_ASSERT_MESSAGE("this never came about", std::chrono::steady_clock::now() < give_up);
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
}

void TimerConformance::awaitRows(std::int64_t count) {
    eventually([&] { return number("SELECT count(*) FROM stoa_timers") == count; });
}

}  // namespace stoa::host::timer
