// Tokens: parsed under each kind, with the claims of whatever passes. Nobody who has no key gets a token through.

#include "host/security/jwt.h"
#include "tests/fuzz/fuzz.h"

namespace security = stoa::host::security;

void stoa::fuzz::take(std::string_view bytes) {
    static const security::PrivateKey key = security::PrivateKey::generate();
    for (const std::string_view typ : {security::kAccessToken, security::kServiceToken, security::kUpgradeToken}) {
        const auto token = security::parseJws(bytes, typ);
        if (!token) {
            promise(!token.error().empty(), "a refusal has a reason");
            continue;
        }
        promise(token->claims.isObject() && token->signature.size() == 64 && security::isKid(token->kid),
                "a token has claims, a signature and a key");
        promise(!token->verify(key.publicKey()), "a signature takes a key");
        const auto verdict = security::checkClaims(token->claims, {"issuer", "audience"}, fromMicros(0));
        promise(verdict || !verdict.reason.empty(), "a refusal has a reason");
    }
}
