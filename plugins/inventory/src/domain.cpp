#include "domain.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace inventory {
namespace {

constexpr std::array<std::pair<State, std::string_view>, 7> kStates{{{State::kNone, "NONE"},
                                                                     {State::kHeld, "HELD"},
                                                                     {State::kCommitted, "COMMITTED"},
                                                                     {State::kShipped, "SHIPPED"},
                                                                     {State::kReleased, "RELEASED"},
                                                                     {State::kExpired, "EXPIRED"},
                                                                     {State::kFailed, "FAILED"}}};

/// The current attempt was cancelled.
bool cancelled(const Reservation& reservation) { return reservation.cancel_version > reservation.order_version; }

/// The attempt was cancelled before its order.created came. That one, at most the version before, is then stale.
Steps bury(Reservation& reservation, std::int64_t attempt, std::int64_t version) {
    reservation.attempt = attempt;
    reservation.order_version = version - 1;
    return {{Action::kAcknowledge, kCancelled}};
}

}  // namespace

Steps onCreated(Reservation& reservation, std::int64_t attempt, std::int64_t version) {
    if (attempt <= reservation.attempt || version <= reservation.order_version ||
        reservation.state == State::kShipped) {
        return {};
    }
    Steps steps;
    if (reservation.live()) {
        steps.push_back({Action::kGiveBack, kCancelled});  // of the former attempt, whose end is still under way
    }
    steps.push_back({Action::kBegin});
    if (reservation.cancel_version > version) {
        steps.push_back({Action::kAcknowledge, kCancelled});
        return steps;
    }
    if (reservation.failed_attempt >= attempt) {
        steps.push_back({Action::kAcknowledge, kPaymentFailed});
        return steps;
    }
    steps.push_back({Action::kTake});
    if (reservation.confirm_version > version) {
        steps.push_back({Action::kCommit});
    }
    return steps;
}

Steps onConfirmed(Reservation& reservation, std::int64_t version) {
    if (version <= reservation.confirm_version) {
        return {};
    }
    reservation.confirm_version = version;
    if (version <= reservation.order_version || cancelled(reservation)) {
        return {};
    }
    if (reservation.state == State::kHeld) {
        return {{Action::kCommit}};
    }
    if (reservation.ended() && !reservation.lines.empty()) {
        return {{Action::kTakeAndCommit}};
    }
    return {};
}

Steps onCancelled(Reservation& reservation, std::int64_t attempt, std::int64_t version) {
    const std::int64_t known = std::max(reservation.cancel_version, reservation.order_version);
    const bool again = cancelled(reservation);
    reservation.cancel_version = std::max(reservation.cancel_version, version);
    if (version <= known || reservation.state == State::kShipped) {
        return {};
    }
    if (reservation.live()) {
        return {{Action::kGiveBack, kCancelled}};
    }
    if (attempt > reservation.attempt) {
        return bury(reservation, attempt, version);
    }
    // Ended before: its end was published then. A second cancellation of the same attempt asks for it again.
    return again ? Steps{{Action::kAnswerAgain, kCancelled}} : Steps{};
}

Steps onPaymentFailed(Reservation& reservation, std::int64_t attempt) {
    reservation.failed_attempt = std::max(reservation.failed_attempt, attempt);
    if (reservation.state == State::kHeld && reservation.attempt == attempt) {
        return {{Action::kGiveBack, kPaymentFailed}};
    }
    return {};
}

Steps onShipped(Reservation& reservation) {
    if (reservation.state != State::kCommitted) {
        return {};
    }
    reservation.shipped = true;
    return {{Action::kShip}};
}

Steps onExpiry(const Reservation& reservation, stoa::Time now) {
    if (reservation.state == State::kHeld && now >= reservation.expires) {
        return {{Action::kGiveBack, kExpired}};
    }
    return {};
}

std::vector<Line> merged(std::vector<Line> lines) {
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.product_id < b.product_id; });
    std::vector<Line> result;
    for (Line& line : lines) {
        if (!result.empty() && result.back().product_id == line.product_id) {
            result.back().quantity += line.quantity;
        } else {
            result.push_back(std::move(line));
        }
    }
    return result;
}

bool isLow(const Stock& stock, std::int64_t threshold) { return stock.available() <= threshold; }

std::string_view name(State state) {
    return std::find_if(kStates.begin(), kStates.end(), [&](const auto& each) { return each.first == state; })->second;
}

State parseState(std::string_view text) {
    const auto found =
        std::find_if(kStates.begin(), kStates.end(), [&](const auto& each) { return each.second == text; });
    if (found == kStates.end()) {
        throw std::invalid_argument("no state of a reservation: " + std::string(text));
    }
    return found->first;
}

}  // namespace inventory
