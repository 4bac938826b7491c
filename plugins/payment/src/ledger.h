/// Compares the provider's ledger with ours, both ways.
#pragma once

#include <stoa/event.h>
#include <stoa/host.h>

#include "provider.h"

namespace payment {

inline constexpr const char* kLedger = "ledger";  ///< job, one for each provider

/// Any worker thread.
class Ledger {
public:
    Ledger(stoa::Host& host, Provider& provider);

    /// Sets the first timer.
    void start();
    void onLedger(const stoa::Firing& firing);

private:
    void readOn();
    void releaseOrphans();
    void reportMissing();

    stoa::Host& host_;
    Provider& provider_;
    const std::chrono::seconds period_;
    const stoa::Series released_, missing_;
};

}  // namespace payment
