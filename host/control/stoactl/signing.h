/// `stoactl keygen PATH` and `stoactl sign --key KEY FILE`: whoever builds plugins vouches for their files.
#pragma once

#include <filesystem>
#include <string>

namespace stoa::stoactl {

/// Makes a private key at `path` (0600) and its public half at `path`.pub; gives the key's id. Throws stoa::Error:
/// STOA_CONFLICT when either is there already (nothing is ever overwritten), STOA_UNAVAILABLE when it can't be written.
std::string makeSigningKey(const std::filesystem::path& path);

struct Signed {
    std::filesystem::path signature;  ///< the file that was written, `plugin`.sig
    std::string signer;               ///< id of the key
    std::string name;                 ///< of the plugin, and its version: what the manifest says
    std::string version;
};

/// Signs `plugin` with the private key in the file `key`; a signature that is there is replaced. Throws stoa::Error:
/// STOA_NOT_FOUND (no such key), STOA_FORBIDDEN (others may read it), STOA_INVALID (no such key or plugin).
Signed signFile(const std::filesystem::path& key, const std::filesystem::path& plugin);

}  // namespace stoa::stoactl
