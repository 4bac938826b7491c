/// Random bytes and identifiers of the host.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/base/clock.h"

namespace stoa::host {

/// From the system's generator (getrandom(2)). Any thread.
void fillRandom(std::span<std::uint8_t> bytes);
/// UUIDv7 of now.
std::string newId(const Clock& clock);
/// `bytes` random bytes as lower-case hexadecimal: 16 for a trace id, 8 for a span id (W3C Trace Context).
std::string randomHex(std::size_t bytes);

}  // namespace stoa::host
