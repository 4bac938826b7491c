/// Service tokens: calling service → target service, 60 s, ES256 by the host key, with the host's certificate in the
/// header, so that the fleet's public key is all that the target needs.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "host/security/authenticator.h"
#include "host/security/keys.h"

namespace stoa::host::security {

/// `identity` outlives it. Any thread.
std::unique_ptr<ServiceTokens> makeServiceTokens(HostIdentity& identity);

}  // namespace stoa::host::security
