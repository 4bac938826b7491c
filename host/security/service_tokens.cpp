#include "host/security/service_tokens.h"

#include <stoa/error.h>

#include "host/security/jwt.h"

namespace stoa::host::security {
namespace {

constexpr std::chrono::seconds kLife{60};
constexpr std::chrono::seconds kRenew{20};  // a token handed out lives at least so long
constexpr std::size_t kPairs = 4096;

class SignedServiceTokens : public ServiceTokens {
public:
    explicit SignedServiceTokens(HostIdentity& identity) : identity_(identity) {}

    std::string tokenFor(std::string_view service, std::string_view audience) override {
        const Time now = identity_.clock().now();
        const std::pair<std::string, std::string> pair(service, audience);
        {
            const std::lock_guard lock(mutex_);
            const auto found = tokens_.find(pair);
            // A clock that went back makes a token "not valid yet", hence the second condition.
            if (found != tokens_.end() && now + kRenew < found->second.expires && found->second.issued <= now) {
                return found->second.text;
            }
        }
        Token token = make(service, audience, now);
        const std::lock_guard lock(mutex_);
        if (tokens_.size() >= kPairs) {
            tokens_.clear();
        }
        return (tokens_[pair] = std::move(token)).text;
    }

private:
    struct Token {
        std::string text;
        Time issued;
        Time expires;
    };

    Token make(std::string_view service, std::string_view audience, Time now) {
        if (service.empty() || audience.empty()) {
            throw Error(STOA_INVALID, "a service token needs a calling and a called service");
        }
        if (!identity_.covers(service)) {
            throw Error(STOA_FORBIDDEN, "this host's certificate does not name the service " + std::string(service));
        }
        Json::Value claims;
        claims["iss"] = std::string(service);
        claims["aud"] = std::string(audience);
        claims["iat"] = Json::Int64(toSeconds(now));
        claims["exp"] = Json::Int64(toSeconds(now) + kLife.count());
        return {signJws(kServiceToken, identity_.kid(), claims, identity_.key(), identity_.certificate()), now,
                now + kLife};
    }

    HostIdentity& identity_;
    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, Token> tokens_;
};

}  // namespace

std::unique_ptr<ServiceTokens> makeServiceTokens(HostIdentity& identity) {
    return std::make_unique<SignedServiceTokens>(identity);
}

}  // namespace stoa::host::security
