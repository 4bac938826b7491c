/// Chooses the driver by the URL of the configuration key `registry`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "registry/registry.h"

namespace stoa::registry {

struct Options {
    std::chrono::milliseconds heartbeat{2000};  ///< how often a host repeats its registration, or asks for one (static)
    std::chrono::milliseconds lease{6000};      ///< how long a registration lives without being repeated
    std::chrono::milliseconds poll{500};        ///< how often the embedded driver asks whether the list has changed
    /// Embedded driver: tries to listen at the registry's address on this machine and to pass what arrives there to
    /// Registry::handle; true when this host serves from now on. Asked at the start and whenever nobody answers at that
    /// address, so the first host serves, and another takes over when it has gone. Called on the registry's thread.
    /// Without it a host serves only if its own address is the registry's.
    std::function<bool(const std::string& address)> serve;
    /// Called when trouble() is another one than before, empty when it is over. On the registry's thread.
    std::function<void(const std::string& trouble)> tell;
    /// Monotonic milliseconds; tests give their own.
    std::function<std::int64_t()> clock;
    /// Off: nothing happens by itself, tests call step() (polled.h).
    bool thread = true;
};

/// "embedded:" (this host alone, no network), "embedded://127.0.0.1:7700" (serve there, or join who does) or
/// "static://127.0.0.1:7001,127.0.0.1:7002" (internal addresses of all hosts). `sealer` outlives the registry. Throws
/// std::runtime_error that says what is wrong with the URL.
std::unique_ptr<Registry> openRegistry(const std::string& url, Sealer& sealer, HttpSend send, Options options = {});

}  // namespace stoa::registry
