/// What the sources of this folder share on OpenSSL: owners of its handles, and keys as PEM text.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <tl/expected.hpp>

namespace stoa::host::security::openssl {

template <auto Release>
struct Free {
    template <typename T>
    void operator()(T* pointer) const {
        Release(pointer);
    }
};
using BioPointer = std::unique_ptr<BIO, Free<BIO_free_all>>;
using ContextPointer = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using DigestPointer = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using KeyPointer = std::shared_ptr<EVP_PKEY>;

inline KeyPointer own(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

inline const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
inline unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

/// OpenSSL failed where only a lack of memory or a broken installation explains it: throws std::runtime_error.
[[noreturn]] void broken(const char* what);

/// OpenSSL 3.0's encoders and decoders are not safe beside each other (a crash in OSSL_ENCODER_to_bio was seen when two
/// threads wrote one key). Keys are read and written rarely, so one at a time costs nothing.
std::mutex& pemTurn();

/// For PEM_read_bio_…: an encrypted key is refused, nobody is asked at a terminal.
int noPassphrase(char*, int, int, void*);

/// `Write`: PEM_write_bio_….
template <auto Write, typename... Rest>
std::string toPem(EVP_PKEY* key, Rest... rest) {
    const std::lock_guard turn(pemTurn());
    const BioPointer bio(BIO_new(BIO_s_mem()));
    if (!bio || Write(bio.get(), key, rest...) != 1) {
        broken("writing a key");
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

/// `Read`: PEM_read_bio_…. The error completes a sentence that begins with the file's name.
template <auto Read>
tl::expected<KeyPointer, std::string> fromPem(std::string_view pem) {
    const std::lock_guard turn(pemTurn());
    const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    KeyPointer key = own(bio ? Read(bio.get(), nullptr, noPassphrase, nullptr) : nullptr);
    ERR_clear_error();
    if (!key) {
        return tl::unexpected<std::string>("it is not a key in PEM format (an encrypted one can't be used)");
    }
    return key;
}

}  // namespace stoa::host::security::openssl
