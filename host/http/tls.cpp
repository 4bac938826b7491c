#include "host/http/tls.h"

#include <cstring>

#include <fmt/format.h>

namespace stoa::host::http {
namespace {

namespace ssl = boost::asio::ssl;

int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                   unsigned int offered_size, void*) {
    static constexpr unsigned char kProtocol[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* selected = nullptr;
    const int result = SSL_select_next_proto(&selected, size, kProtocol, sizeof(kProtocol), offered, offered_size);
    *chosen = selected;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::shared_ptr<ssl::context> serverTls(const TlsOptions& options) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_alpn_select_cb(context->native_handle(), chooseProtocol, nullptr);
    boost::system::error_code failure;
    context->use_certificate_chain_file(options.certificate_file, failure);
    if (failure) {
        throw Error(STOA_INVALID, fmt::format("can't use TLS certificate {}: {}; it must be a PEM chain",
                                              options.certificate_file, failure.message()));
    }
    context->use_private_key_file(options.key_file, ssl::context::pem, failure);
    if (failure) {
        throw Error(STOA_INVALID, fmt::format("can't use TLS key {}: {}; it must be the PEM key of the certificate",
                                              options.key_file, failure.message()));
    }
    return context;
}

}  // namespace stoa::host::http
