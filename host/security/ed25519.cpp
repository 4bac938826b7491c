#include "host/security/ed25519.h"

#include <utility>

#include <stoa/base64.h>
#include <stoa/sha256.h>

#include "host/security/openssl.h"

namespace stoa::host::security {
namespace {

using namespace openssl;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kIdDigits = 16;

template <auto Read>
tl::expected<KeyPointer, std::string> ed25519FromPem(std::string_view pem) {
    auto key = openssl::fromPem<Read>(pem);
    if (key && EVP_PKEY_is_a(key->get(), "ED25519") != 1) {
        return tl::unexpected<std::string>(
            "it is a key of another kind; Ed25519 is needed (`stoactl keygen` makes one)");
    }
    return key;
}

}  // namespace

tl::expected<Ed25519PublicKey, std::string> Ed25519PublicKey::fromPem(std::string_view pem) {
    if (pem.find("PRIVATE KEY-----") != std::string_view::npos) {
        return tl::unexpected<std::string>(
            "it holds a private key, which belongs to whoever signs plugins: give the public one, the file .pub beside "
            "it");
    }
    return ed25519FromPem<PEM_read_bio_PUBKEY>(pem).map(
        [](KeyPointer key) { return Ed25519PublicKey(std::move(key)); });
}

bool Ed25519PublicKey::verify(std::string_view data, std::string_view signature) const {
    if (signature.size() != kSignatureBytes) {
        return false;
    }
    const DigestPointer context(EVP_MD_CTX_new());
    const bool good =
        context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(data), data.size()) == 1;
    ERR_clear_error();
    return good;
}

std::string Ed25519PublicKey::id() const {
    std::string raw(kKeyBytes, '\0');
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key_.get(), bytes(raw), &size) != 1 || size != kKeyBytes) {
        broken("reading a public key");
    }
    return hex(sha256(raw)).substr(0, kIdDigits);
}

std::string Ed25519PublicKey::pem() const { return toPem<PEM_write_bio_PUBKEY>(key_.get()); }

Ed25519PrivateKey Ed25519PrivateKey::generate() {
    KeyPointer key = own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!key) {
        broken("making a key");
    }
    return Ed25519PrivateKey(std::move(key));
}

tl::expected<Ed25519PrivateKey, std::string> Ed25519PrivateKey::fromPem(std::string_view pem) {
    return ed25519FromPem<PEM_read_bio_PrivateKey>(pem).map(
        [](KeyPointer key) { return Ed25519PrivateKey(std::move(key)); });
}

std::string Ed25519PrivateKey::sign(std::string_view data) const {
    const DigestPointer context(EVP_MD_CTX_new());
    std::string signature(kSignatureBytes, '\0');
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), bytes(signature), &size, bytes(data), data.size()) != 1 ||
        size != kSignatureBytes) {
        broken("signing");
    }
    return signature;
}

std::string Ed25519PrivateKey::pem() const {
    return toPem<PEM_write_bio_PKCS8PrivateKey>(key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

}  // namespace stoa::host::security
