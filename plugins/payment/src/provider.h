/// Whoever takes the money, behind one interface.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/host.h>

#include "domain.h"

namespace payment {

/// How a request went.
struct Attempt {
    enum class Kind {
        kSettled,  ///< `outcome` says how
        kNotDone,  ///< it was not carried out, and may be made again
        kUnknown   ///< nobody knows; ask before it is made again
    };
    Kind kind = Kind::kUnknown;
    Outcome outcome = {};
    std::string error = {};
};

/// A payment in the provider's books.
struct ProviderPayment {
    struct Request {
        std::string key;
        bool done;
        std::string reason;
    };
    std::string id;
    std::string reference;
    std::int64_t authorized = 0;
    std::int64_t captured = 0;
    std::int64_t refunded = 0;
    bool voided = false;
    std::vector<Request> requests;
};

struct LedgerEntry {
    std::string provider_id;
    std::string reference;
    std::string key;
};

struct LedgerPage {
    std::vector<LedgerEntry> entries;  ///< without what release() did
    std::string cursor;                ///< where to go on; the same as before: the end for now
};

struct Notice {
    std::string event_id;
    std::string reference;
};

/// Any worker thread, no transaction open. Every request carries an idempotency key, so that making it again with the
/// same key never does it twice.
class Provider {
public:
    virtual ~Provider() = default;
    virtual std::string_view name() const = 0;
    virtual Attempt perform(const Payment& payment, const Op& op) = 0;
    /// The payments with this reference. Nothing: the provider did not answer.
    virtual std::optional<std::vector<ProviderPayment>> find(const std::string& reference) = 0;
    /// Gives back whatever is held or taken. False: try again later.
    virtual bool release(const ProviderPayment& orphan) = 0;
    /// Nothing: the provider did not answer.
    virtual std::optional<LedgerPage> ledger(const std::string& cursor) = 0;
    /// Whether `signature` signs `body`, and is not too old.
    virtual bool signedByProvider(std::string_view signature, std::string_view body) = 0;
    virtual std::optional<Notice> notice(const Json::Value& body) = 0;
};

/// The one that the setting `provider` names.
std::unique_ptr<Provider> makeProvider(stoa::Host& host);

}  // namespace payment
