/// The routes of payments. None calls the provider: they record what is wanted, and the job does it.
#pragma once

#include <chrono>

#include <stoa/host.h>
#include <stoa/request.h>

#include "provider.h"

namespace payment {

/// Any worker thread.
class Api {
public:
    Api(stoa::Host& host, Provider& provider);

    stoa::Response createPayment(stoa::Request& request) const;
    stoa::Response getPayment(stoa::Request& request) const;
    stoa::Response capturePayment(stoa::Request& request) const;
    stoa::Response voidPayment(stoa::Request& request) const;
    stoa::Response refundPayment(stoa::Request& request) const;
    stoa::Response receiveWebhook(stoa::Request& request) const;

private:
    stoa::Host& host_;
    Provider& provider_;
    const std::chrono::seconds abandon_;
};

}  // namespace payment
