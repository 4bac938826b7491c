/// P-256 keys and ES256 signatures (RFC 7518 section 3.4, RFC 7517) on OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <json/value.h>
#include <tl/expected.hpp>

struct evp_pkey_st;

namespace stoa::host::security {

/// The error of a tl::expected<…, std::string>.
inline tl::unexpected<std::string> because(std::string reason) {
    return tl::unexpected<std::string>(std::move(reason));
}

/// Immutable and cheap to copy; any thread.
class PublicKey {
public:
    /// From a JWK with kty EC, crv P-256, x and y; a point that is not on the curve is refused, so is a private one.
    static tl::expected<PublicKey, std::string> fromJwk(const Json::Value& jwk);
    static tl::expected<PublicKey, std::string> fromPem(std::string_view pem);

    /// `signature`: r and s of 32 bytes each, nothing else.
    bool verify(std::string_view data, std::string_view signature) const;
    /// kty, crv, x, y.
    Json::Value jwk() const;
    /// RFC 7638, base64url: our `kid` of host and fleet keys.
    std::string thumbprint() const;
    std::string pem() const;
    bool operator==(const PublicKey& other) const;

private:
    friend class PrivateKey;
    explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> key_;
};

class PrivateKey {
public:
    static PrivateKey generate();
    static tl::expected<PrivateKey, std::string> fromPem(std::string_view pem);

    /// r and s, 64 bytes.
    std::string sign(std::string_view data) const;
    const PublicKey& publicKey() const { return public_; }
    /// PKCS #8, not encrypted: for a file that only the owner can read.
    std::string pem() const;

private:
    explicit PrivateKey(std::shared_ptr<evp_pkey_st> key);
    static PublicKey publicHalf(const std::shared_ptr<evp_pkey_st>& key);
    std::shared_ptr<evp_pkey_st> key_;
    PublicKey public_;
};

}  // namespace stoa::host::security
