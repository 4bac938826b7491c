/// Secrets by reference: "file:<path>", "env:<NAME>" or "credential:<name>" (systemd's CREDENTIALS_DIRECTORY).
#pragma once

#include <string>
#include <string_view>

namespace stoa::host::security {

/// The value, without one trailing newline; at most 64 KiB. Throws stoa::Error that names the reference and never the
/// value: STOA_INVALID when the reference is none, STOA_UNAVAILABLE when its source can't be read or is empty.
std::string readSecret(std::string_view reference);

/// Empty, or why this is no reference. Reads nothing.
std::string checkSecretReference(std::string_view reference);

}  // namespace stoa::host::security
