/// The content-addressed store of plugin files, and the copies that generations open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <stoa/validate/manifest.h>

namespace stoa::host::plugin {

/// A file in the store: `<root>/<name>/<version>+<sha256:12>/<name>.so`. Never changes.
struct Staged {
    std::filesystem::path file;
    std::string sha256;  ///< of the file, 64 hexadecimal digits
    std::shared_ptr<const validate::Manifest> manifest;
};

/// [control] One per host. A kill at any moment leaves it valid: files appear by rename, complete.
class Store {
public:
    /// `state`: the host's state directory. Sweeps copies of former processes.
    explicit Store(const std::filesystem::path& state);

    /// Checks the file without running it and puts it in the store; staging it again is harmless. Throws stoa::Error:
    /// STOA_NOT_FOUND (no such file), STOA_INVALID (why and what to do), STOA_EXHAUSTED (disk full).
    Staged stage(const std::filesystem::path& file);
    /// A file staged before, by name, version and hash. Throws STOA_NOT_FOUND.
    Staged find(const std::string& name, const std::string& version, const std::string& sha256) const;
    /// A copy of its own for one generation, hashed after copying: dlopen of one inode twice is one library.
    std::filesystem::path copyFor(const Staged& staged, std::uint64_t generation) const;

private:
    std::filesystem::path root_;
    std::filesystem::path copies_;
};

/// What of a plugin is active, kept over restarts: `<state>/plugins/<name>/active.json`.
struct ActiveRecord {
    std::string version;
    std::string sha256;
    std::string source_sha256;  ///< of the file given by --plugin when it was staged
    std::string previous;       ///< "<version>+<sha256:12>" or empty
    std::string why;            ///< "start", "upgrade", "rollback"
    std::int64_t at_us = 0;
};

class Records {
public:
    explicit Records(const std::filesystem::path& state) : root_(state / "plugins") {}
    /// Nothing when there is none; throws stoa::Error STOA_INVALID when it can't be read.
    std::unique_ptr<ActiveRecord> read(const std::string& name) const;
    /// Written, synced, renamed.
    void write(const std::string& name, const ActiveRecord& record) const;

private:
    std::filesystem::path root_;
};

/// SHA-256 of a file as hexadecimal digits. Throws stoa::Error.
std::string hashOf(const std::filesystem::path& file);

}  // namespace stoa::host::plugin
