// Wiring: which function serves which route and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "moves.h"

namespace sandbox_carrier {

class CarrierPlugin final : public stoa::Plugin {
public:
    explicit CarrierPlugin(stoa::Host& host) : Plugin(host), api_(host), moves_(host) {
        route("bookParcel", [this](stoa::Request& request) { return api_.bookParcel(request); });
        route("getParcel", [this](stoa::Request& request) { return api_.getParcel(request); });
        route("cancelParcel", [this](stoa::Request& request) { return api_.cancelParcel(request); });
        timer(kMoveTimer, [this](const stoa::Firing& firing, stoa::Transaction& tx) { moves_.move(firing, tx); });
        job(kReportJob, [this](const stoa::Firing& firing) { moves_.report(firing); });
    }

private:
    Api api_;
    Moves moves_;
};

}  // namespace sandbox_carrier

STOA_PLUGIN(sandbox_carrier::CarrierPlugin)
