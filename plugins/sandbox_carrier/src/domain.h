/// Where a parcel can be, and where it goes next. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <stoa/time.h>

namespace sandbox_carrier {

inline constexpr std::string_view kBooked = "BOOKED";
inline constexpr std::string_view kPickedUp = "PICKED_UP";
inline constexpr std::string_view kInTransit = "IN_TRANSIT";
inline constexpr std::string_view kDelivered = "DELIVERED";
inline constexpr std::string_view kCancelled = "CANCELLED";

struct Parcel {
    std::string id;
    std::string reference;  ///< the shop's shipment
    std::string tracking_number;
    std::string status{kBooked};
    std::string address;  ///< JSON, as sent
    std::string lines;    ///< JSON, as sent
    stoa::Time created;
    stoa::Time updated;
};

/// How long a parcel stays where.
struct Pace {
    std::chrono::milliseconds pickup;   ///< from the booking to the pick-up
    std::chrono::milliseconds deliver;  ///< from the pick-up to the door
};

/// The status after `status`; nothing when the parcel moves no more.
std::optional<std::string_view> next(std::string_view status);
/// How long it stays in `status`.
std::chrono::milliseconds stay(std::string_view status, const Pace& pace);
/// Nothing goes to this postal code: a carrier that refuses for good, for tests.
inline constexpr std::string_view kUnserved = "00000";
/// "SBX" and twelve characters of the parcel's id.
std::string trackingNumberOf(std::string_view parcel_id);

}  // namespace sandbox_carrier
