#include <algorithm>
#include <array>
#include <cstring>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>

#include "world.h"

namespace stoa::fake {

namespace {

/// RFC 2104.
Digest hmac(std::string_view key, std::string_view data) {
    constexpr std::size_t kBlock = 64;
    std::string padded{key};
    if (padded.size() > kBlock) {
        const Digest digest = stoa::sha256(padded);
        padded.assign(digest.begin(), digest.end());
    }
    padded.resize(kBlock, '\0');
    std::string inner = padded;
    std::string outer = padded;
    std::transform(inner.begin(), inner.end(), inner.begin(), [](char c) { return static_cast<char>(c ^ 0x36); });
    std::transform(outer.begin(), outer.end(), outer.begin(), [](char c) { return static_cast<char>(c ^ 0x5c); });
    const Digest digest = stoa::sha256(inner.append(data));
    return stoa::sha256(outer.append(digest.begin(), digest.end()));
}

World& worldOf(const stoa_crypto* crypto) { return *static_cast<World*>(crypto->self); }

std::string fakeHash(std::string_view password) { return "fake$" + hex(stoa::sha256(password)); }

stoa_status random(const stoa_crypto* crypto, void* buffer, size_t size) {
    worldOf(crypto).fillRandom(buffer, size);
    return STOA_OK;
}

stoa_status hashPassword(const stoa_crypto*, stoa_str password, const stoa_writer* phc) {
    writeTo(phc, fakeHash(text(password)));
    return STOA_OK;
}

stoa_status verifyPassword(const stoa_crypto*, stoa_str password, stoa_str phc) {
    return text(phc) == fakeHash(text(password)) ? STOA_OK : STOA_UNAUTHENTICATED;
}

stoa_status signToken(const stoa_crypto* crypto, stoa_str claims, const stoa_writer* token) {
    World& world = worldOf(crypto);
    return guarded(world, [&] {
        if (!world.manifest.signing_keys) {
            throw Error(STOA_FORBIDDEN, "the manifest asks for no signing keys");
        }
        if (const auto json = parseJson(text(claims)); !json || !json->isObject()) {
            throw Error(STOA_INVALID, "claims are a JSON object");
        }
        const std::string head = base64Url(R"({"alg":"ES256","kid":"fake","typ":"JWT"})");
        writeTo(token, head + "." + base64Url(text(claims)) + "." + base64Url("not a signature"));
    });
}

stoa_status keySet(const stoa_crypto*, const stoa_writer* jwks) {
    writeTo(jwks, R"({"keys":[{"alg":"ES256","crv":"P-256","kid":"fake","kty":"EC","use":"sig","x":"AA","y":"AA"}]})");
    return STOA_OK;
}

stoa_status sha256Of(const stoa_crypto*, stoa_str data, uint8_t digest[32]) {
    const Digest all = stoa::sha256(text(data));
    std::memcpy(digest, all.data(), all.size());
    return STOA_OK;
}

stoa_status hmacOf(const stoa_crypto* crypto, stoa_str secret, stoa_str data, uint8_t digest[32]) {
    World& world = worldOf(crypto);
    return guarded(world, [&] {
        const Digest all = hmac(secretOf(world, std::string(text(secret))), text(data));
        std::memcpy(digest, all.data(), all.size());
    });
}

uint32_t equal(const stoa_crypto*, stoa_str a, stoa_str b) { return text(a) == text(b) ? 1 : 0; }

class Crypto final : public Capability {
public:
    explicit Crypto(World& world)
        : table_{sizeof(stoa_crypto), 0,      &world,   random, hashPassword, verifyPassword,
                 signToken,           keySet, sha256Of, hmacOf, equal} {}
    std::string_view id() const override { return STOA_CRYPTO_ID; }
    const void* table() const override { return &table_; }

private:
    stoa_crypto table_;
};

}  // namespace

std::unique_ptr<Capability> makeCrypto(World& world) { return std::make_unique<Crypto>(world); }

}  // namespace stoa::fake
