/// Public keys of the auth service, refreshed in the background and never on a request.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "host/security/ecdsa.h"

namespace stoa::host::security {

using KeySet = std::map<std::string, PublicKey, std::less<>>;

/// Keys by kid of a JWK Set (RFC 7517 section 5). Entries that are not ES256 verification keys are passed over; a
/// private key, two keys with one kid, more than 32 keys, or no usable key at all make the whole set an error.
tl::expected<KeySet, std::string> parseJwks(std::string_view text);

struct JwksOptions {
    std::chrono::milliseconds interval{60'000};
    std::chrono::milliseconds first{250};     ///< between tries until the first success
    std::chrono::milliseconds prompt{1'000};  ///< least distance of two fetches after that
};

/// Any thread.
class JwksCache {
public:
    /// The body of GET /api/v1/auth/jwks, or nothing. Runs on the cache's thread and may block for some seconds.
    using Fetch = std::function<std::optional<std::string>()>;

    explicit JwksCache(Fetch fetch, JwksOptions options = {});
    ~JwksCache();

    /// nullptr until the first success. The last good set stays when later fetches fail.
    std::shared_ptr<const KeySet> keys() const;
    /// Fetch soon (an unknown kid was seen, the auth service came up); as often as `prompt` allows.
    void wanted();
    /// Empty, or why the keys may be old.
    std::string trouble() const;

private:
    void run(std::stop_token stop);
    bool fetchOnce();

    Fetch fetch_;
    JwksOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::shared_ptr<const KeySet> keys_;
    std::string trouble_ = "the keys of the auth service have not been fetched yet";
    bool wanted_ = false;
    std::jthread thread_;
};

}  // namespace stoa::host::security
