/// What one host of a fleet asks of another about versions of a plugin: ES256 by the asking host's key, with its
/// certificate in the header, as in service tokens. An order is for one host, one start of it, one service, one file
/// and these options, lives 60 s and is taken once.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <json/value.h>
#include <tl/expected.hpp>

#include "host/security/authenticator.h"
#include "host/security/keys.h"

namespace stoa::host::security {

struct UpgradeOrder {
    std::string purpose;  ///< "upgrade", "rollback" or "watch"
    std::string service;
    std::string target;      ///< id of the host that is asked
    std::int64_t epoch = 0;  ///< its start, from its registration: an order outlives no restart
    std::string subject;     ///< SHA-256 of the file, hexadecimal; of "watch": the operation
    Json::Value options;     ///< of "upgrade"
};

struct OpenedOrder {
    UpgradeOrder order;
    std::string from;  ///< id of the host that asks, as certified
    std::string id;    ///< unique
    Time expires;
};

/// Throws stoa::Error STOA_FORBIDDEN when this host's certificate does not cover the service.
std::string signOrder(HostIdentity& identity, const UpgradeOrder& order);

/// `wanted`: purpose and service that are asked for, the target's id and epoch. Refusals: 401 for what is no order of
/// this fleet (any more), 403 for one that is good for something else. `subject` is for the caller to compare.
tl::expected<OpenedOrder, Refusal> openOrder(const HostIdentity& identity, std::string_view text,
                                             const UpgradeOrder& wanted);

/// Remembers which orders were taken until they have expired. Any thread.
class SpentOrders {
public:
    /// False when it was taken before, or when so many are remembered that one more can't be.
    bool spend(const OpenedOrder& order, Time now);

private:
    static constexpr std::size_t kMost = 4096;
    std::mutex mutex_;
    std::map<std::string, Time> spent_;
};

}  // namespace stoa::host::security
