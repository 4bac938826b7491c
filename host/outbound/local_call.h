/// The short cut: a call to a service of this very host, through the same handler as a request from a socket.
#pragma once

#include <memory>
#include <string>

#include "host/http/io.h"
#include "host/http/message.h"
#include "host/outbound/http_client.h"

namespace stoa::host::outbound {

/// Gives `call` to `handler` as if it had come over the internal listener: same target rules, headers, admission and
/// limits. A caller on another thread than the I/O threads does that itself, which saves it the way there and back;
/// bodies that stream, and callers on an I/O thread, go by way of one, later. `done` runs once, on an I/O thread or the
/// one that answered, for the former perhaps inside of this call. A caller that gave up (deadline, cancel) lets its
/// callee end; the exchange then says that it is abandoned.
std::shared_ptr<Operation> callLocally(http::Io& io, http::Handler& handler, HttpCall call, HttpClient::Done done);

}  // namespace stoa::host::outbound
