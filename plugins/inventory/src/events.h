/// What inventory publishes and what it listens to.
#pragma once

#include <chrono>
#include <string_view>

#include <stoa/event.h>
#include <stoa/host.h>

#include "domain.h"

namespace inventory {

/// What an order.created brings.
struct Arrival {
    std::int64_t attempt = 0;
    std::int64_t version = 0;
    std::vector<Line> lines = {};
};

class Events {
public:
    explicit Events(const stoa::Host& host);

    void onCreated(const stoa::Event& event, stoa::Transaction& tx) const;
    void onConfirmed(const stoa::Event& event, stoa::Transaction& tx) const;
    void onCancelled(const stoa::Event& event, stoa::Transaction& tx) const;
    void onPaymentFailed(const stoa::Event& event, stoa::Transaction& tx) const;
    void onShipped(const stoa::Event& event, stoa::Transaction& tx) const;
    void onExpiry(const stoa::Firing& firing, stoa::Transaction& tx) const;

    /// Does the steps on a locked reservation, writes it, and publishes what came of it.
    void apply(stoa::Transaction& tx, Reservation& reservation, const Steps& steps, const Arrival& arrival = {}) const;
    /// After a change of what can be sold: marks the product low, once per crossing with an event. The stock now.
    Stock watch(stoa::Transaction& tx, std::string_view product_id) const;

private:
    struct Message {
        std::string topic;
        std::int64_t version;
        Json::Value data;
    };
    using Messages = std::vector<Message>;
    /// False: there is not enough, the steps after this one fall away.
    bool perform(stoa::Transaction& tx, Reservation& reservation, const Step& step, Messages& messages) const;
    bool take(stoa::Transaction& tx, Reservation& reservation, Action action, Messages& messages) const;
    void watchAll(stoa::Transaction& tx, const std::vector<Line>& lines) const;

    std::chrono::seconds hold_;
    std::int64_t low_;
};

inline constexpr std::string_view kHoldExpiry = "hold-expiry";

}  // namespace inventory
