#include "host/probe/child/mapped_file.h"

#include <dlfcn.h>

#include <fstream>
#include <stdexcept>
#include <utility>

namespace stoa::host::probe {

MappedFile::MappedFile(std::string file)
    : file_(std::move(file)), handle_(dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) {
        const char* reason = dlerror();
        throw std::runtime_error(reason != nullptr ? reason : "dlopen gives no reason");
    }
}

stoa_plugin_entry_fn MappedFile::entry() const {
    auto* entry = reinterpret_cast<stoa_plugin_entry_fn>(dlsym(handle_, "stoa_plugin_entry"));
    if (entry == nullptr) {
        throw std::runtime_error("it does not export stoa_plugin_entry: is it a plugin, linked by stoa_add_plugin()?");
    }
    return entry;
}

bool MappedFile::unmap() {
    dlclose(std::exchange(handle_, nullptr));
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.size() >= file_.size() && line.compare(line.size() - file_.size(), file_.size(), file_) == 0) {
            return false;
        }
    }
    return true;
}

}  // namespace stoa::host::probe
