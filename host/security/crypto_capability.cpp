#include "host/security/crypto_capability.h"

#include <stoa/abi/crypto.h>

#include <algorithm>
#include <map>
#include <span>
#include <string>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stoa/json.h>

#include "host/base/ids.h"
#include "host/security/barrier.h"
#include "host/security/jwt.h"
#include "host/security/secret_capability.h"
#include "host/security/secrets.h"
#include "host/security/verified_cache.h"

namespace stoa::host::security {
namespace {

class CryptoBinding : public plugin::Binding {
public:
    CryptoBinding(Passwords& passwords, SigningKeys& keys, const plugin::Environment& environment)
        : passwords_(passwords),
          keys_(keys),
          service_(environment.service),
          may_sign_(environment.manifest && environment.manifest->signing_keys),
          secrets_(secretReferences(environment.config)) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        fillSimple();
        fillPasswords();
        fillSigning();
    }
    const void* table() const override { return &table_; }

private:
    static CryptoBinding& of(const stoa_crypto* table) { return *static_cast<CryptoBinding*>(table->self); }

    void fillSimple() {
        table_.random = [](const stoa_crypto*, void* buffer, size_t size) {
            return guarded([&] {
                fillRandom({static_cast<std::uint8_t*>(buffer), size});
                return STOA_OK;
            });
        };
        table_.sha256 = [](const stoa_crypto*, stoa_str data, std::uint8_t digest[32]) {
            return guarded([&] {
                std::ranges::copy(fastSha256(text(data)), digest);
                return STOA_OK;
            });
        };
        table_.hmac_sha256 = [](const stoa_crypto* table, stoa_str secret, stoa_str data, std::uint8_t digest[32]) {
            return guarded([&] { return of(table).hmac(text(secret), text(data), digest); });
        };
        table_.equal = [](const stoa_crypto*, stoa_str a, stoa_str b) -> std::uint32_t {
            return a.size == b.size && (a.size == 0 || CRYPTO_memcmp(a.data, b.data, a.size) == 0) ? 1 : 0;
        };
    }

    void fillPasswords() {
        table_.hash_password = [](const stoa_crypto* table, stoa_str password, const stoa_writer* phc) {
            return guarded([&] { return write(phc, of(table).passwords_.hash(text(password))); });
        };
        table_.verify_password = [](const stoa_crypto* table, stoa_str password, stoa_str phc) {
            return guarded([&] {
                return of(table).passwords_.verify(text(password), text(phc)) ? STOA_OK : STOA_UNAUTHENTICATED;
            });
        };
    }

    void fillSigning() {
        table_.sign_token = [](const stoa_crypto* table, stoa_str claims, const stoa_writer* token) {
            return guarded([&] { return of(table).sign(text(claims), token); });
        };
        table_.key_set = [](const stoa_crypto* table, const stoa_writer* jwks) {
            return guarded([&] {
                of(table).checkMaySign();
                return write(jwks, writeJson(of(table).keys_.keySet(of(table).service_)));
            });
        };
    }

    void checkMaySign() const {
        if (!may_sign_) {
            throw Error(STOA_FORBIDDEN, "the manifest of " + service_ + " does not ask for signingKeys");
        }
    }

    stoa_status sign(std::string_view claims, const stoa_writer* token) {
        checkMaySign();
        if (claims.size() > kTokenLimit) {
            throw Error(STOA_INVALID, "the claims are too long: a token has at most 8 KiB");
        }
        const auto value = parseJson(claims);
        if (!value || !value->isObject()) {
            throw Error(STOA_INVALID, "the claims must be a JSON object");
        }
        if ((*value)["exp"].type() != Json::intValue) {
            throw Error(STOA_INVALID, "the claims need exp, an integer count of seconds: no token lives for ever");
        }
        return write(token, keys_.sign(service_, *value));
    }

    stoa_status hmac(std::string_view name, std::string_view data, std::uint8_t digest[32]) const {
        const auto found = secrets_.find(name);
        if (found == secrets_.end()) {
            throw Error(STOA_NOT_FOUND, "the configuration names no secret " + std::string(name));
        }
        std::string key = readSecret(found->second);
        unsigned size = 0;
        const bool done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                               reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest, &size);
        OPENSSL_cleanse(key.data(), key.size());
        return done ? STOA_OK : STOA_INTERNAL;
    }

    stoa_crypto table_{};
    Passwords& passwords_;
    SigningKeys& keys_;
    const std::string service_;
    const bool may_sign_;
    const std::map<std::string, std::string, std::less<>> secrets_;
};

}  // namespace

std::string_view CryptoCapability::id() const { return STOA_CRYPTO_ID; }

std::unique_ptr<plugin::Binding> CryptoCapability::bind(const plugin::Environment& environment) {
    return std::make_unique<CryptoBinding>(passwords_, keys_, environment);
}

}  // namespace stoa::host::security
