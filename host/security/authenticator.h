/// Who calls: verification of user and service tokens, on every listener. Never blocks.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace stoa::host::security {

struct Identity {
    bool user = false;    ///< a user's token was there and is good
    std::string subject;  ///< claim sub
    std::string roles;    ///< claim roles, space-separated
    std::string session;  ///< claim sid
    std::string service;  ///< a service token was there and is good: claim iss
    bool hasRole(std::string_view role) const;
};

struct Refusal {
    int status;        ///< 401, or 503 when the keys to check with are not known yet
    std::string slug;  ///< "token-expired", "token-invalid", "keys-unavailable" …
    std::string detail;
};

class Authenticator {
public:
    virtual ~Authenticator() = default;
    /// `authorization`: the header's value or empty; `service_token`: of "Stoa-Service-Token", or empty; `audience`:
    /// the service that is called. No token at all is an Identity with nothing set. A bad one is refused even on public
    /// routes.
    virtual tl::expected<Identity, Refusal> authenticate(std::string_view authorization, std::string_view service_token,
                                                         std::string_view audience) = 0;
};

/// Makes service tokens (60 s, cached per pair).
class ServiceTokens {
public:
    virtual ~ServiceTokens() = default;
    /// Throws stoa::Error STOA_FORBIDDEN when this host's certificate does not cover `service`.
    virtual std::string tokenFor(std::string_view service, std::string_view audience) = 0;
};

}  // namespace stoa::host::security
