/// Signatures of plugin files: who vouches for one stands in `<file>.so.sig` beside it. README.md has the format.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "host/security/ed25519.h"

namespace stoa::host::security {

/// What a signature speaks of: SHA-256, 64 hexadecimal digits each. The first covers the second; both are signed so
/// that what was read of the manifest, and what the file is now, can't come from two files.
struct PluginHashes {
    std::string file;      ///< of the whole file
    std::string manifest;  ///< of its section .stoa.manifest
};

/// Where the signature of `plugin` stands.
std::filesystem::path signatureFileOf(const std::filesystem::path& plugin);

/// The text of a signature file.
std::string signPlugin(const Ed25519PrivateKey& key, const PluginHashes& hashes);

/// By their ids.
using PluginKeys = std::map<std::string, Ed25519PublicKey>;

/// `paths`: PEM files, and folders in which *.pem and *.pub are read, separated by commas. Throws stoa::Error
/// STOA_INVALID that names what is missing or is no public Ed25519 key.
PluginKeys readPluginKeys(const std::string& paths);

/// Checks the text of a signature file; gives the id of the key. The error completes a sentence that begins with the
/// signature file's name, and says what to do.
tl::expected<std::string, std::string> verifyPlugin(std::string_view signature, const PluginHashes& hashes,
                                                    const PluginKeys& keys);

/// A file that may be loaded.
struct Vouched {
    std::string signature;  ///< text of the signature file; empty: none that speaks of this file
    std::string signer;     ///< id of the key; empty: nobody's word was checked
};

/// Which plugin files a host takes. Immutable; any thread.
class PluginTrust {
public:
    /// Takes every file.
    PluginTrust() = default;
    /// `keys`: as for readPluginKeys, or empty: takes every file. They are read for each check, so that keys come and
    /// go without a restart; here once, to throw stoa::Error at the start rather than at the next upgrade.
    PluginTrust(std::string keys, bool allow_unsigned);

    bool checks() const { return !keys_.empty(); }
    /// Looks at the signature beside `plugin`. Throws stoa::Error: STOA_FORBIDDEN (why, and what to do), STOA_INVALID
    /// (the keys), STOA_UNAVAILABLE (can't be read).
    Vouched check(const std::filesystem::path& plugin, const PluginHashes& hashes) const;

private:
    std::string keys_;
    bool allow_unsigned_ = false;
};

}  // namespace stoa::host::security
