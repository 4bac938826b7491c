/// The content-addressed store of plugin files, and the copies that generations open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include <stoa/validate/manifest.h>

#include "host/security/files.h"
#include "host/security/plugin_signature.h"

namespace stoa::host::plugin {

using security::hashOf;

/// A file in the store: `<root>/<name>/<version>+<sha256:12>/<name>.so`. Never changes. Its signature, if it came with
/// one, stands beside it.
struct Staged {
    std::filesystem::path file;
    std::string sha256;  ///< of the file, 64 hexadecimal digits
    std::shared_ptr<const validate::Manifest> manifest;
    std::string signer{};  ///< id of the key by which it is signed; empty: nobody's word was checked
};

/// [control] One per host; any number of threads may stage at once. A kill at any moment leaves it valid: files appear
/// by rename, complete.
class Store {
public:
    /// `state`: the host's state directory. Sweeps what former processes left: copies, files half written.
    explicit Store(const std::filesystem::path& state, security::PluginTrust trust = {});

    /// What the file says that it is, unchecked. Throws stoa::Error STOA_NOT_FOUND, STOA_INVALID.
    static std::shared_ptr<const validate::Manifest> look(const std::filesystem::path& file);
    /// Checks the file without running it and puts it in the store; staging it again is harmless. Throws stoa::Error:
    /// STOA_NOT_FOUND (no such file), STOA_INVALID, STOA_FORBIDDEN (its signature), STOA_EXHAUSTED (disk full).
    Staged stage(const std::filesystem::path& file);
    /// A file staged before, by name, version and hash. Throws STOA_NOT_FOUND, STOA_FORBIDDEN (its signature).
    Staged find(const std::string& name, const std::string& version, const std::string& sha256) const;
    /// Removes files of this plugin but those named by their hashes, oldest first, until `keep` are left. What is
    /// loaded runs from copies and is not touched. Not while a file of this plugin is being staged.
    void collect(const std::string& name, const std::set<std::string>& wanted, std::size_t keep) const;
    /// Whether the file is still the one that was staged, and its signature good: before anything runs it. Throws
    /// STOA_INVALID, STOA_FORBIDDEN (its signature).
    void verify(const Staged& staged) const;
    /// A copy of its own for one generation: dlopen of one inode twice is one library. Verified after copying.
    std::filesystem::path copyFor(const Staged& staged, std::uint64_t generation) const;

private:
    void verify(const std::filesystem::path& bytes, const Staged& staged) const;

    std::filesystem::path root_;
    std::filesystem::path copies_;
    const security::PluginTrust trust_;
};

}  // namespace stoa::host::plugin
