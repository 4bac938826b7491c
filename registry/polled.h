/// What the drivers share: this host's own registration, the directory, the thread that keeps both fresh.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "registry/open.h"
#include "registry/registry.h"

namespace stoa::registry {

/// A driver says in refresh() what one round is. Its constructor ends with start(), its destructor begins with stop().
class PolledRegistry : public Registry {
public:
    PolledRegistry(Sealer& sealer, HttpSend send, Options options);

    void announce(const Registration& self) override;
    void withdraw() override;
    std::shared_ptr<const Directory> directory() const override;
    void onChange(std::function<void()> changed) override;
    std::string trouble() const override;
    HttpAnswer handle(const std::string& method, const std::string& path, const std::string& body) override;

    /// One round, as the thread does it: refresh, then onChange when the directory is another one. For tests.
    void step();

protected:
    void start();
    void stop();

    /// Asks the others and calls setOthers. On the registry's thread; may block; may throw, which becomes the trouble.
    virtual void refresh() = 0;
    /// Tells the others that `self` has gone. On the thread of withdraw(); may block; may throw.
    virtual void depart(const Registration& self) = 0;

    std::optional<Registration> self() const;
    std::string sealedSelf();
    /// `complete`: nobody is missing. Once said, it stays: who is forgotten later was known before.
    void setOthers(std::vector<Registration> others, bool complete);
    void setTrouble(std::string trouble);
    std::int64_t now() const { return options_.clock(); }

    Sealer& sealer_;
    const HttpSend send_;
    const Options options_;

private:
    void rebuild();  // under mutex_
    void tellTrouble();
    void run(std::stop_token stop);

    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    bool awake_ = false;
    std::optional<Registration> self_;
    std::optional<Registration> withdrawn_;  ///< what this host last said of itself
    std::string own_id_;                     ///< stays after a withdrawal: what others still say of this host is old
    std::vector<Registration> others_;
    bool complete_ = false;
    std::shared_ptr<const Directory> directory_ = std::make_shared<Directory>();
    std::shared_ptr<const Directory> told_ = directory_;
    std::vector<std::function<void()>> changed_;
    std::string trouble_;
    std::string told_trouble_;
    std::string sealed_;
    std::int64_t sealed_at_ = 0;
    std::jthread thread_;
};

}  // namespace stoa::registry
