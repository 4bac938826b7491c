/// The jobs that deal with the provider. Each request is committed as REQUESTED first, then made, then its outcome is
/// committed together with what is published about it.
#pragma once

#include <string>

#include <stoa/event.h>
#include <stoa/host.h>

#include "provider.h"

namespace payment {

/// Any worker thread.
class Cashier {
public:
    Cashier(stoa::Host& host, Provider& provider);

    /// Does what comes next for the payment that `firing.key` names.
    void onProvider(const stoa::Firing& firing);
    /// Asks what became of its open request, and makes it again, under the same key, when the provider never heard of
    /// it.
    void onReconcile(const stoa::Firing& firing);

private:
    struct Work {
        Payment payment;
        Op op;
    };
    std::optional<Work> begin(stoa::Transaction& tx, const std::string& payment_id) const;
    Work request(stoa::Transaction& tx, Payment payment, const Step& step) const;
    /// `asked`: by the job that asks, not by the one that looks at what is to do.
    void make(const Payment& payment, const Op& op, bool asked);
    void conclude(const std::string& payment_id, const std::string& op_id, const Outcome& outcome, bool asked);
    /// Nobody answered: ask later.
    void postpone(const std::string& payment_id, const std::string& op_id, bool unknown);

    stoa::Host& host_;
    Provider& provider_;
    const stoa::microseconds patience_;  // after which a request is no longer on its way
    const stoa::Series calls_done_, calls_refused_, calls_not_done_, calls_unknown_;
};

}  // namespace payment
