#include "host/security/ecdsa.h"

#include <array>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>

#include "host/security/openssl.h"

namespace stoa::host::security {
namespace {

using namespace openssl;

constexpr std::size_t kHalf = 32;

using BignumPointer = std::unique_ptr<BIGNUM, Free<BN_free>>;
using SignaturePointer = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

bool isP256(const EVP_PKEY* key) {
    std::array<char, 32> group{};
    std::size_t size = 0;
    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(const_cast<EVP_PKEY*>(key), group.data(), group.size(), &size) == 1 &&
           std::string_view(group.data(), size) == SN_X9_62_prime256v1;
}

template <auto Read>
tl::expected<KeyPointer, std::string> p256FromPem(std::string_view pem) {
    auto key = openssl::fromPem<Read>(pem);
    if (key && !isP256(key->get())) {
        return because("it is a key of another kind; P-256 is needed");
    }
    return key;
}

std::string coordinate(const EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
        broken("reading a public key");
    }
    const BignumPointer owner(number);
    std::string text(kHalf, '\0');
    if (BN_bn2binpad(number, bytes(text), kHalf) != static_cast<int>(kHalf)) {
        broken("reading a public key");
    }
    return text;
}

std::string derFromRaw(std::string_view raw) {
    const SignaturePointer pair(ECDSA_SIG_new());
    BignumPointer r(BN_bin2bn(bytes(raw), kHalf, nullptr));
    BignumPointer s(BN_bin2bn(bytes(raw) + kHalf, kHalf, nullptr));
    if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.release(), s.release()) != 1) {
        broken("reading a signature");
    }
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    if (size <= 0) {
        broken("reading a signature");
    }
    std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return text;
}

std::string rawFromDer(std::string_view der) {
    const unsigned char* data = bytes(der);
    const SignaturePointer pair(d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size())));
    std::string raw(2 * kHalf, '\0');
    if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes(raw), kHalf) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes(raw) + kHalf, kHalf) < 0) {
        broken("signing");
    }
    return raw;
}

}  // namespace

tl::expected<PublicKey, std::string> PublicKey::fromJwk(const Json::Value& jwk) {
    if (!jwk.isObject() || textOr(jwk, "kty") != "EC" || textOr(jwk, "crv") != "P-256") {
        return because("it is not a JWK with kty EC and crv P-256");
    }
    if (jwk.isMember("d")) {
        return because("it holds a private key");
    }
    const auto x = fromBase64Url(textOr(jwk, "x"));
    const auto y = fromBase64Url(textOr(jwk, "y"));
    if (!x || !y || x->size() != kHalf || y->size() != kHalf) {
        return because("x and y must be 32 bytes each in base64url");
    }
    std::string point = '\x04' + *x + *y;
    std::string group = SN_X9_62_prime256v1;
    std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
        OSSL_PARAM_construct_end()};
    const ContextPointer context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* raw = nullptr;
    if (!context || EVP_PKEY_fromdata_init(context.get()) != 1) {
        broken("EVP_PKEY_fromdata_init");
    }
    const bool made = EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters.data()) == 1;
    KeyPointer key = own(raw);
    const ContextPointer check(made ? EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr) : nullptr);
    const bool valid = check && EVP_PKEY_public_check(check.get()) == 1;
    ERR_clear_error();
    if (!valid) {
        return because("x and y are not a point of the curve");
    }
    return PublicKey(std::move(key));
}

tl::expected<PublicKey, std::string> PublicKey::fromPem(std::string_view pem) {
    return p256FromPem<PEM_read_bio_PUBKEY>(pem).map([](KeyPointer key) { return PublicKey(std::move(key)); });
}

bool PublicKey::verify(std::string_view data, std::string_view signature) const {
    if (signature.size() != 2 * kHalf) {
        return false;
    }
    const std::string der = derFromRaw(signature);
    const DigestPointer context(EVP_MD_CTX_new());
    const bool good = context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
                      EVP_DigestVerify(context.get(), bytes(der), der.size(), bytes(data), data.size()) == 1;
    ERR_clear_error();
    return good;
}

Json::Value PublicKey::jwk() const {
    Json::Value jwk;
    jwk["kty"] = "EC";
    jwk["crv"] = "P-256";
    jwk["x"] = base64Url(coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X));
    jwk["y"] = base64Url(coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y));
    return jwk;
}

std::string PublicKey::thumbprint() const {
    const Digest digest = sha256(writeJson(jwk()));  // members in alphabetical order, as RFC 7638 wants them
    return base64Url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string PublicKey::pem() const { return toPem<PEM_write_bio_PUBKEY>(key_.get()); }

bool PublicKey::operator==(const PublicKey& other) const { return EVP_PKEY_eq(key_.get(), other.key_.get()) == 1; }

PrivateKey PrivateKey::generate() {
    KeyPointer key = own(EVP_EC_gen(SN_X9_62_prime256v1));
    if (!key) {
        broken("making a key");
    }
    return PrivateKey(std::move(key));
}

tl::expected<PrivateKey, std::string> PrivateKey::fromPem(std::string_view pem) {
    return p256FromPem<PEM_read_bio_PrivateKey>(pem).map([](KeyPointer key) { return PrivateKey(std::move(key)); });
}

std::string PrivateKey::sign(std::string_view data) const {
    const DigestPointer context(EVP_MD_CTX_new());
    std::size_t size = 0;
    if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes(data), data.size()) != 1) {
        broken("signing");
    }
    std::string der(size, '\0');
    if (EVP_DigestSign(context.get(), bytes(der), &size, bytes(data), data.size()) != 1) {
        broken("signing");
    }
    der.resize(size);
    return rawFromDer(der);
}

PrivateKey::PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)), public_(publicHalf(key_)) {}

PublicKey PrivateKey::publicHalf(const std::shared_ptr<evp_pkey_st>& key) {
    auto half = PublicKey::fromJwk(PublicKey(key).jwk());
    if (!half) {
        broken("taking the public half of a key");
    }
    return std::move(*half);
}

std::string PrivateKey::pem() const {
    return toPem<PEM_write_bio_PKCS8PrivateKey>(key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

}  // namespace stoa::host::security
