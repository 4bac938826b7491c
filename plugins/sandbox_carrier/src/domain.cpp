#include "domain.h"

#include <cctype>

namespace sandbox_carrier {

std::optional<std::string_view> next(std::string_view status) {
    if (status == kBooked) {
        return kPickedUp;
    }
    if (status == kPickedUp) {
        return kInTransit;
    }
    if (status == kInTransit) {
        return kDelivered;
    }
    return std::nullopt;
}

std::chrono::milliseconds stay(std::string_view status, const Pace& pace) {
    if (status == kBooked) {
        return pace.pickup;
    }
    const auto half = pace.deliver / 2;
    return status == kPickedUp ? half : pace.deliver - half;
}

std::string trackingNumberOf(std::string_view parcel_id) {
    std::string number = "SBX";
    // The last group of a UUIDv7 is random.
    for (const char c : parcel_id.substr(parcel_id.rfind('-') + 1)) {
        number += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return number;
}

}  // namespace sandbox_carrier
