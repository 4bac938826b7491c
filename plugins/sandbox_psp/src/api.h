/// The routes of the provider.
#pragma once

#include <chrono>

#include <stoa/host.h>
#include <stoa/request.h>

#include "pause.h"
#include "store.h"

namespace sandbox_psp {

/// Any worker thread.
class Api {
public:
    explicit Api(stoa::Host& host);

    stoa::Response authorize(stoa::Request& request);
    stoa::Response findPayments(stoa::Request& request);
    stoa::Response getPayment(stoa::Request& request);
    stoa::Response capture(stoa::Request& request);
    stoa::Response voidPayment(stoa::Request& request);
    stoa::Response refund(stoa::Request& request);
    stoa::Response readLedger(stoa::Request& request);

    /// Lets the answers go that are held back.
    void stop() { pause_.end(); }

private:
    struct Decided {
        Payment payment;
        Operation operation;
        Json::Value view;
        bool again = false;  ///< the key was known
    };
    void checkKey(const stoa::Request& request) const;
    Decided decideOnce(stoa::Transaction& tx, Payment payment, Operation operation, bool is_new) const;
    std::optional<Decided> decidedBefore(stoa::Transaction& tx, std::string_view payment_id,
                                         const Operation& operation) const;
    stoa::Response change(stoa::Request& request, Operation operation);
    stoa::Response answer(int status, const Decided& decided);

    stoa::Host& host_;
    const std::chrono::milliseconds slow_;
    const std::chrono::milliseconds timeout_;
    const bool webhooks_;
    Pause pause_;
};

}  // namespace sandbox_psp
