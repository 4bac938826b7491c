#include "ledger.h"

#include <algorithm>

#include "store.h"

namespace payment {
namespace {

constexpr int kMostPages = 50;

}  // namespace

Ledger::Ledger(stoa::Host& host, Provider& provider)
    : host_(host),
      provider_(provider),
      period_(host.config()["reconcileSeconds"].asInt64()),
      released_(host.metrics().counter("payment_orphans_released_total",
                                       "Payments at the provider that were not ours, given back.")),
      missing_(host.metrics().counter("payment_ledger_missing_total",
                                      "Requests that are done for us and not in the provider's ledger, by reading.")) {}

void Ledger::start() {
    host_.sql().write([&](stoa::Transaction& tx) { tx.setTimer(kLedger, provider_.name(), tx.now() + period_); });
}

void Ledger::onLedger(const stoa::Firing& firing) {
    readOn();
    releaseOrphans();
    reportMissing();
    host_.sql().write([&](stoa::Transaction& tx) { tx.setTimer(kLedger, firing.key, tx.now() + period_); });
}

/// Ticks off what we asked for, and keeps what we did not.
void Ledger::readOn() {
    for (int pages = 0; pages < kMostPages; ++pages) {
        const std::string cursor =
            host_.sql().read([&](stoa::Transaction& tx) { return store::cursor(tx, provider_.name()); });
        const auto page = provider_.ledger(cursor);
        if (!page || page->cursor == cursor) {
            return;
        }
        host_.sql().write([&](stoa::Transaction& tx) {
            for (const LedgerEntry& entry : page->entries) {
                if (!store::markInLedger(tx, entry.key)) {
                    store::keepOrphan(tx, {entry.provider_id, entry.reference});
                }
            }
            store::moveCursor(tx, provider_.name(), page->cursor);
        });
    }
}

/// A payment there that no payment of ours stands for: after a restored backup, say. What else was done to one of ours
/// without us is for people to look at.
void Ledger::releaseOrphans() {
    for (const auto& orphan : host_.sql().read([](stoa::Transaction& tx) { return store::orphans(tx); })) {
        const auto ours = host_.sql().read([&](stoa::Transaction& tx) { return store::find(tx, orphan.reference); });
        if (ours && ours->open) {
            continue;  // the open request may be what tells us the provider's id
        }
        if (ours && ours->provider_id == orphan.provider_id) {
            host_.log().error("the provider did something to a payment that we did not ask for",
                              {{"payment_id", ours->id}, {"provider_id", orphan.provider_id}});
        } else {
            const auto found = provider_.find(orphan.reference);
            if (!found) {
                return;
            }
            const auto there = std::find_if(found->begin(), found->end(),
                                            [&](const auto& each) { return each.id == orphan.provider_id; });
            if (there != found->end() && !provider_.release(*there)) {
                continue;
            }
            released_.record();
            host_.log().warn("a payment of nobody was given back", {{"provider_id", orphan.provider_id}});
        }
        host_.sql().write([&](stoa::Transaction& tx) { store::forgetOrphan(tx, orphan.provider_id); });
    }
}

void Ledger::reportMissing() {
    // One period is time enough for an entry to be read.
    const auto before = host_.now() - period_;
    const auto missing = host_.sql().read([&](stoa::Transaction& tx) { return store::missingInLedger(tx, before); });
    for (const std::string& op_id : missing) {
        missing_.record();
        host_.log().error("a request that is done for us is not in the provider's ledger", {{"request", op_id}});
    }
}

}  // namespace payment
