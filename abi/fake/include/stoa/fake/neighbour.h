/// A scripted service or endpoint that the plugin under test calls.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <stoa/fake/message.h>

namespace stoa::fake {

class Neighbour {
public:
    using Handler = std::function<Outgoing(const Incoming&)>;

    explicit Neighbour(std::string name) : name_(std::move(name)) {}

    /// Answers this method and path ("/api/v1/products/{id}") from now on; a later one for the same pair replaces it.
    Neighbour& on(const std::string& method, const std::string& path, Handler handler);
    Neighbour& on(const std::string& method, const std::string& path, Outgoing always);
    /// Whatever is asked, no answer comes: for an external endpoint, `sent` says whether the request may have arrived.
    Neighbour& timeout(bool sent = true);
    /// Nobody there.
    Neighbour& down();
    /// Ends timeout() and down().
    Neighbour& up();

    /// Every call so far, also those that failed.
    const std::vector<Incoming>& calls() const { return calls_; }
    void forgetCalls() { calls_.clear(); }

    /// For the fake host. A call that nothing is scripted for: STOA_UNAVAILABLE.
    Outgoing answer(Incoming call);

private:
    struct Script {
        std::string method, path;
        Handler handler;
    };
    std::string name_;
    std::vector<Script> scripts_;
    std::vector<Incoming> calls_;
    std::optional<Outgoing> outage_;
};

}  // namespace stoa::fake
