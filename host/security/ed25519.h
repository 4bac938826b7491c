/// Ed25519 keys and signatures (RFC 8032) on OpenSSL: with them whoever builds plugins vouches for their files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

struct evp_pkey_st;

namespace stoa::host::security {

/// Immutable and cheap to copy; any thread.
class Ed25519PublicKey {
public:
    /// The error completes a sentence that begins with the file's name.
    static tl::expected<Ed25519PublicKey, std::string> fromPem(std::string_view pem);

    /// `signature`: 64 bytes, nothing else.
    bool verify(std::string_view data, std::string_view signature) const;
    /// The first 16 hexadecimal digits of SHA-256 over the 32 bytes of the key.
    std::string id() const;
    std::string pem() const;

private:
    friend class Ed25519PrivateKey;
    explicit Ed25519PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> key_;
};

class Ed25519PrivateKey {
public:
    static Ed25519PrivateKey generate();
    /// The error completes a sentence that begins with the file's name.
    static tl::expected<Ed25519PrivateKey, std::string> fromPem(std::string_view pem);

    /// 64 bytes; the same for the same data.
    std::string sign(std::string_view data) const;
    Ed25519PublicKey publicKey() const { return Ed25519PublicKey(key_); }
    /// PKCS #8, not encrypted: for a file that only the owner can read.
    std::string pem() const;

private:
    explicit Ed25519PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace stoa::host::security
