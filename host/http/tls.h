/// TLS of the listeners. Internal: includes Boost.
#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "host/http/server.h"

namespace stoa::host::http {

/// TLS 1.2 and above, ALPN http/1.1. Throws stoa::Error STOA_INVALID that names the file that is wrong.
std::shared_ptr<boost::asio::ssl::context> serverTls(const TlsOptions& options);

}  // namespace stoa::host::http
