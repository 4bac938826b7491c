#include "host/security/verified_cache.h"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

namespace stoa::host::security {

Digest fastSha256(std::string_view data) {
    // Fetched once: EVP_sha256() looks its provider up again at every use.
    static EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    Digest digest;
    if (kAlgorithm == nullptr ||
        EVP_Digest(data.data(), data.size(), digest.data(), nullptr, kAlgorithm, nullptr) != 1) {
        throw std::runtime_error("OpenSSL: SHA-256 failed");
    }
    return digest;
}

}  // namespace stoa::host::security
