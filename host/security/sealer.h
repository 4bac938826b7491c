/// Seals registrations: ES256 by the host key, certificate beside it; at most a minute old.
#pragma once

#include <memory>

#include "host/security/keys.h"
#include "registry/registry.h"

namespace stoa::host::security {

/// `identity` outlives it. Any thread. Registration::certificate is filled in by `open`.
std::unique_ptr<registry::Sealer> makeSealer(HostIdentity& identity);

}  // namespace stoa::host::security
