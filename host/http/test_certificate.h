/// A certificate of its own authority, made for one test.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace stoa::host::http {

/// Self-signed, for the names given ("IP:127.0.0.1", "DNS:localhost"); the files go with the object.
class TestCertificate {
public:
    explicit TestCertificate(const std::string& names) {
        char directory[] = "/tmp/stoa-tls-XXXXXX";
        if (!mkdtemp(directory)) {
            throw std::runtime_error("can't make a directory under /tmp");
        }
        directory_ = directory;
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
        X509_set_version(certificate.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        X509_set_pubkey(certificate.get(), key.get());
        auto* const name = X509_get_subject_name(certificate.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("stoa test"), -1,
                                   -1, 0);
        X509_set_issuer_name(certificate.get(), name);
        auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
        X509_add_ext(certificate.get(), extension, -1);
        X509_EXTENSION_free(extension);
        X509_sign(certificate.get(), key.get(), EVP_sha256());
        write(keyFile(), [&](std::FILE* file) {
            return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        write(certificateFile(), [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
    }
    ~TestCertificate() { std::filesystem::remove_all(directory_); }
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;

    std::string certificateFile() const { return directory_ + "/certificate.pem"; }
    std::string keyFile() const { return directory_ + "/key.pem"; }

private:
    template <class Write>
    static void write(const std::string& path, Write&& write) {
        std::FILE* const file = std::fopen(path.c_str(), "w");
        if (!file || write(file) != 1 || std::fclose(file) != 0) {
            throw std::runtime_error("can't write " + path);
        }
    }
    std::string directory_;
};

}  // namespace stoa::host::http
