/// What orders publish and what they listen to.
#pragma once

#include <chrono>
#include <string_view>

#include <stoa/event.h>
#include <stoa/host.h>
#include <stoa/sql.h>

#include "domain.h"

namespace order {

inline constexpr std::string_view kDeadline = "saga-deadline";
inline constexpr std::string_view kCompensation = "saga-compensation";

/// Any worker thread.
class Events {
public:
    explicit Events(stoa::Host& host);

    /// Publishes `what`, with the order's next event version.
    void publish(stoa::Transaction& tx, Order& order, Publish what) const;
    /// Runs the trigger through the saga and writes what comes of it: state, history, events, timers. False: ignored.
    bool advance(stoa::Transaction& tx, Order& order, Trigger trigger) const;

    void onPayment(const stoa::Event& event, stoa::Transaction& tx) const;
    void onInventory(const stoa::Event& event, stoa::Transaction& tx) const;
    void onShipment(const stoa::Event& event, stoa::Transaction& tx) const;
    void onProfile(const stoa::Event& event, stoa::Transaction& tx) const;
    void onDeadline(const stoa::Firing& firing, stoa::Transaction& tx) const;
    void onCompensation(const stoa::Firing& firing, stoa::Transaction& tx) const;

private:
    void apply(stoa::Transaction& tx, Order& order, const stoa::Event& event, Trigger trigger) const;
    void keepTimers(stoa::Transaction& tx, const Order& order, const Saga& before) const;
    void giveUp(stoa::Transaction& tx, Order& order) const;

    stoa::Host& host_;
    std::chrono::seconds patience_;  // with an answer to a cancellation
    std::int64_t most_repeats_;
    stoa::Series repeated_, stuck_;
};

}  // namespace order
