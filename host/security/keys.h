/// Who this host is: its key, the fleet's key, and the certificate that says which services the host speaks for.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "host/base/clock.h"
#include "host/security/ecdsa.h"

namespace stoa::host::security {

/// A verified certificate: the fleet says that `key` belongs to `host_id` and may speak for `services`.
struct Certificate {
    std::string host_id;
    PublicKey key;
    std::string kid;  ///< thumbprint of `key`
    std::set<std::string, std::less<>> services;
    Time expires;
};

/// Makes the fleet's key: the private half at `path` (0600), the public one at `path` + ".pub". Returns false when
/// another process or call has made it before; never overwrites. Throws stoa::Error when the file can't be written.
bool makeFleetKey(const std::string& path);

/// Signs a certificate (for `host certify`): `fleet_key` is the path of the private key. Throws stoa::Error.
std::string certify(const std::string& fleet_key, const std::string& host_id, const PublicKey& host,
                    const std::vector<std::string>& services, std::chrono::seconds lifetime, Time now);

/// Checks a certificate against the fleet's public key.
tl::expected<Certificate, std::string> openCertificate(std::string_view text, const PublicKey& fleet, Time now);

struct IdentityOptions {
    std::string host_id;
    std::string state_dir;              ///< holds host.pem (0600, made at the first start) and host.pub
    std::string fleet_key;              ///< private key of the fleet; a host that can read it certifies itself
    bool create_fleet_key = false;      ///< make it when it is missing (one machine, development)
    std::string fleet_public;           ///< public key of the fleet; needed only when fleet_key can't be read
    std::string certificate;            ///< certificate file; needed only when fleet_key can't be read
    std::vector<std::string> services;  ///< that this host runs
    std::chrono::seconds lifetime{std::chrono::hours{24}};  ///< of a self-made certificate; renewed at half of it
};

/// Any thread.
class HostIdentity {
public:
    /// Throws stoa::Error that says which file is missing or wrong and what to do about it.
    HostIdentity(IdentityOptions options, const Clock& clock);

    const std::string& hostId() const { return options_.host_id; }
    const PrivateKey& key() const { return key_; }
    const std::string& kid() const { return kid_; }
    const PublicKey& fleet() const { return fleet_; }
    const Clock& clock() const { return clock_; }

    /// Valid now: renewed, or read again from its file, before it expires. Throws stoa::Error STOA_UNAVAILABLE when it
    /// has expired and can't be renewed.
    std::string certificate();
    bool covers(std::string_view service);
    /// When plugins come or go. Throws stoa::Error STOA_FORBIDDEN when the certificate is from a file and does not name
    /// one of them.
    void setServices(std::vector<std::string> services);

private:
    struct Held {
        std::string text;
        Certificate certificate;
    };
    Held obtain(Time now) const;
    const Held& held(Time now);

    IdentityOptions options_;
    const Clock& clock_;
    PrivateKey key_;
    std::string kid_;
    bool self_certified_ = false;
    PublicKey fleet_;
    std::mutex mutex_;
    std::optional<Held> held_;
    Time next_try_{};
};

}  // namespace stoa::host::security
