/// One mapped copy of a plugin file.
#pragma once

#include <filesystem>
#include <string>

#include <stoa/abi/plugin.h>

namespace stoa::host::plugin {

/// Maps `file` (RTLD_NOW | RTLD_LOCAL) and negotiates. `file` must be a copy that nobody else maps: dlopen of one inode
/// twice gives one library with shared statics (dlopen(3) compares device and inode, so a hard link does not help).
/// The copy is removed when the object goes. [control]
class Library {
public:
    /// Throws stoa::Error: STOA_INVALID when it can't be mapped or refuses the offer, with the plugin's or ld.so's
    /// reason.
    Library(std::filesystem::path file, const stoa_offer& offer);
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    const stoa_plugin& descriptor() const { return *descriptor_; }

    /// Unmaps, and looks into /proc/self/maps whether it is really gone. False: something pins it. Idempotent.
    bool unload();

private:
    std::filesystem::path file_;
    void* handle_ = nullptr;
    const stoa_plugin* descriptor_ = nullptr;
    bool unmapped_ = false;
};

/// A stoa_writer that appends to a string, at most `limit` bytes.
class TextWriter {
public:
    explicit TextWriter(std::size_t limit = 64 << 10);
    const stoa_writer* raw() const { return &writer_; }
    const std::string& text() const { return text_; }
    /// Whether something was refused because it did not fit.
    bool full() const { return full_; }

private:
    stoa_writer writer_{};
    std::size_t limit_;
    bool full_ = false;
    std::string text_;
};

}  // namespace stoa::host::plugin
