#include "registry/polled.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace stoa::registry {
namespace {

constexpr std::int64_t kSealFresh = 1000;  // milliseconds for which one seal answers everybody

Options withClock(Options options) {
    if (!options.clock) {
        options.clock = [] {
            const auto now = std::chrono::steady_clock::now().time_since_epoch();
            return std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
        };
    }
    return options;
}

}  // namespace

PolledRegistry::PolledRegistry(Sealer& sealer, HttpSend send, Options options)
    : sealer_(sealer), send_(std::move(send)), options_(withClock(std::move(options))) {}

void PolledRegistry::announce(const Registration& self) {
    const std::lock_guard lock(mutex_);
    self_ = self;
    own_id_ = self.host_id;
    if (withdrawn_ && self_->epoch <= withdrawn_->epoch) {
        self_->epoch = withdrawn_->epoch + 1;  // the others have been told that the former epoch is over
    }
    sealed_.clear();
    rebuild();
    awake_ = true;
    wake_.notify_all();
}

void PolledRegistry::withdraw() {
    Registration gone;
    {
        const std::lock_guard lock(mutex_);
        if (!self_) {
            return;
        }
        gone = *self_;
        withdrawn_ = std::exchange(self_, std::nullopt);
        sealed_.clear();
        rebuild();
        awake_ = true;
        wake_.notify_all();
    }
    try {
        depart(gone);
    } catch (const std::exception& error) {
        setTrouble(std::string("withdrawal not delivered, the lease will end it: ") + error.what());
    }
}

std::shared_ptr<const Directory> PolledRegistry::directory() const {
    const std::lock_guard lock(mutex_);
    return directory_;
}

void PolledRegistry::onChange(std::function<void()> changed) {
    const std::lock_guard lock(mutex_);
    changed_.push_back(std::move(changed));
}

std::string PolledRegistry::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

HttpAnswer PolledRegistry::handle(const std::string& method, const std::string& path, const std::string&) {
    if (path.substr(0, path.find('?')) != kRegistrationPath) {
        return {404, ""};
    }
    if (method != "GET") {
        return {405, ""};
    }
    try {
        const std::string sealed = sealedSelf();
        const std::lock_guard lock(mutex_);
        return sealed.empty() ? HttpAnswer{withdrawn_ ? 410 : 503, ""} : HttpAnswer{200, sealed};
    } catch (const std::exception& error) {
        setTrouble(error.what());
        return {503, ""};
    }
}

void PolledRegistry::step() {
    try {
        refresh();
    } catch (const std::exception& error) {
        setTrouble(error.what());
    }
    tellTrouble();
    std::vector<std::function<void()>> changed;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(told_, directory_) != directory_) {
            changed = changed_;
        }
    }
    for (const auto& call : changed) {
        call();
    }
}

void PolledRegistry::start() {
    if (options_.thread) {
        thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
    }
}

void PolledRegistry::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

std::optional<Registration> PolledRegistry::self() const {
    const std::lock_guard lock(mutex_);
    return self_;
}

std::string PolledRegistry::sealedSelf() {
    const std::lock_guard lock(mutex_);
    if (!self_) {
        return {};
    }
    if (sealed_.empty() || now() - sealed_at_ > kSealFresh) {
        sealed_ = sealer_.seal(*self_);
        sealed_at_ = now();
    }
    return sealed_;
}

void PolledRegistry::setOthers(std::vector<Registration> others, bool complete) {
    const std::lock_guard lock(mutex_);
    others_ = std::move(others);
    complete_ = complete_ || complete;
    rebuild();
}

void PolledRegistry::setTrouble(std::string trouble) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
}

void PolledRegistry::tellTrouble() {
    std::string trouble;
    {
        const std::lock_guard lock(mutex_);
        if (told_trouble_ == trouble_) {
            return;
        }
        trouble = told_trouble_ = trouble_;
    }
    if (options_.tell) {
        options_.tell(trouble);
    }
}

void PolledRegistry::rebuild() {
    Directory next;
    for (const Registration& other : others_) {
        if (other.host_id != own_id_) {
            next.hosts.push_back(other);
        }
    }
    if (const auto& own = self_ ? self_ : withdrawn_) {
        next.hosts.push_back(*own);
        next.complete = complete_ && std::ranges::none_of(next.hosts, &Registration::more_to_come);
    }
    std::ranges::sort(next.hosts, {}, &Registration::host_id);
    if (next != *directory_) {
        directory_ = std::make_shared<const Directory>(std::move(next));
    }
}

void PolledRegistry::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        step();
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stop, options_.poll, [this] { return awake_; });
        awake_ = false;
    }
}

}  // namespace stoa::registry
