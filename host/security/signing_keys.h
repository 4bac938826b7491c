/// ES256 keys with which a plugin signs tokens: `<dir>/<service>/<kid>.pem`, shared by the hosts of one machine.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>

#include "host/base/clock.h"
#include "host/security/ecdsa.h"

namespace stoa::host::security {

struct SigningKeyOptions {
    std::string dir;
    std::chrono::seconds publish_first{180};  ///< a new key is in the key set this long before it signs
    std::chrono::seconds keep_old{3600};      ///< a replaced key stays in the key set this long; > life of a token
    std::chrono::seconds rotate_after{std::chrono::hours{24 * 30}};  ///< 0: only by rotate()
};

/// Any thread, any number of hosts on the same directory.
class SigningKeys {
public:
    SigningKeys(SigningKeyOptions options, const Clock& clock);

    /// Signs the claims as an access token; makes the first key. Throws stoa::Error.
    std::string sign(const std::string& service, const Json::Value& claims);
    /// JWK Set of every key that may have signed a token that still lives, or will sign soon.
    Json::Value keySet(const std::string& service);
    /// Makes the next key and drops those that have been out of use for `keep_old`. Returns the new kid.
    std::string rotate(const std::string& service);

private:
    struct Key {
        std::int64_t created;  ///< seconds since the epoch; the beginning of the kid
        std::string kid;
        PrivateKey key;
    };
    using Keys = std::vector<Key>;  ///< oldest first, never empty once loaded
    struct Loaded {
        std::shared_ptr<const Keys> keys;
        std::int64_t at = 0;
    };

    std::string folder(const std::string& service) const;
    Keys scan(const std::string& service) const;
    std::shared_ptr<const Keys> load(const std::string& service, bool fresh);
    std::string makeKey(const std::string& service, std::int64_t now) const;
    std::string rotateLocked(const std::string& service, std::int64_t now);
    const Key& current(const Keys& keys, std::int64_t now) const;

    SigningKeyOptions options_;
    const Clock& clock_;
    std::mutex mutex_;
    std::map<std::string, Loaded> loaded_;
};

}  // namespace stoa::host::security
