/// The plugin file in this process' address space.
#pragma once

#include <string>

#include <stoa/abi/plugin.h>

namespace stoa::host::probe {

class MappedFile {
public:
    /// dlopen with RTLD_NOW | RTLD_LOCAL, as the host does. Throws std::runtime_error with ld.so's reason.
    explicit MappedFile(std::string file);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    /// Throws std::runtime_error when it exports none.
    stoa_plugin_entry_fn entry() const;
    /// dlclose, and whether /proc/self/maps knows the file no more.
    bool unmap();

private:
    std::string file_;
    void* handle_ = nullptr;
};

}  // namespace stoa::host::probe
