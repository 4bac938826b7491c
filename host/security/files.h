/// Files that hold keys: complete or absent, readable by their owner alone. And the hash of any file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace stoa::host::security {

/// Nothing when there is no such file. Throws stoa::Error STOA_UNAVAILABLE when it can't be read or is over `limit`.
std::optional<std::string> readFile(const std::string& path, std::size_t limit = 64 * 1024);

/// readFile that also refuses (stoa::Error STOA_FORBIDDEN) a file that others may read or write.
std::optional<std::string> readPrivateFile(const std::string& path);

/// Makes the file (0600) and the folders above it (0700). False when it exists already: of several processes exactly
/// one succeeds. Throws stoa::Error.
bool createPrivateFile(const std::string& path, std::string_view text);

/// SHA-256 of a file of any size, 64 hexadecimal digits. Throws stoa::Error.
std::string hashOf(const std::filesystem::path& file);

}  // namespace stoa::host::security
