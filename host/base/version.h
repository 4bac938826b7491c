/// The version of this host.
#pragma once

#include <string_view>

namespace stoa::host {

inline constexpr std::string_view kHostVersion = STOA_VERSION;

}  // namespace stoa::host
