/// SHA-256 (FIPS 180-4) without a library, for ids and fingerprints. Not for passwords.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stoa {

using Digest = std::array<std::uint8_t, 32>;
Digest sha256(std::string_view data);

}  // namespace stoa
