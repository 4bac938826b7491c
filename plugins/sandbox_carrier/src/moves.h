/// Parcels move by the clock, and the shop is told.
#pragma once

#include <stoa/plugin.h>

#include "domain.h"

namespace sandbox_carrier {

inline constexpr std::string_view kMoveTimer = "move";
inline constexpr std::string_view kReportJob = "report";

Pace paceOf(const Json::Value& settings);

class Moves {
public:
    explicit Moves(stoa::Host& host);

    /// Timer: takes the parcel one step further, in one transaction with the report of it and the next step.
    void move(const stoa::Firing& firing, stoa::Transaction& tx) const;
    /// Job: sends one report, signed. Throws Error until the shop has answered with 2xx, so that it is repeated.
    void report(const stoa::Firing& firing) const;

private:
    stoa::Host& host_;
    Pace pace_;
};

}  // namespace sandbox_carrier
