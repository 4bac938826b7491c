/// Authenticator over the auth service's keys (users) and the fleet's key (services).
#pragma once

#include <memory>
#include <string>

#include "host/security/authenticator.h"
#include "host/security/jwks_cache.h"
#include "host/security/keys.h"

namespace stoa::host::security {

struct AuthenticatorOptions {
    std::string issuer = "stoa-auth";
    std::string audience = "stoa";
    std::size_t cached_tokens = 16384;  ///< results kept, each at most 60 s and never beyond its `exp`
};

/// Refusals: 401 token-invalid, token-expired, service-token-invalid, service-token-expired; 503 keys-unavailable.
/// `fleet` is the fleet's public key. `keys` and `clock` outlive it.
std::unique_ptr<Authenticator> makeAuthenticator(JwksCache& keys, const PublicKey& fleet, const Clock& clock,
                                                 AuthenticatorOptions options = {});

}  // namespace stoa::host::security
