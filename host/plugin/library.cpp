#include "host/plugin/library.h"

#include <dlfcn.h>

#include <fstream>
#include <utility>

#include <fmt/format.h>

#include <stoa/error.h>

namespace stoa::host::plugin {
namespace {

constexpr const char* kEntry = "stoa_plugin_entry";

bool isMapped(const std::filesystem::path& file) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(file.native()) != std::string::npos) {
            return true;
        }
    }
    return false;
}

std::string linkerError() {
    const char* message = dlerror();
    return message ? message : "no reason given";
}

/// The first function that the descriptor lacks, or nullptr.
const char* missingFunction(const stoa_plugin& plugin) {
    const std::pair<const char*, bool> functions[] = {
        {"create", plugin.create != nullptr},     {"start", plugin.start != nullptr},
        {"health", plugin.health != nullptr},     {"on_request", plugin.on_request != nullptr},
        {"on_event", plugin.on_event != nullptr}, {"on_timer", plugin.on_timer != nullptr},
        {"stop", plugin.stop != nullptr},         {"destroy", plugin.destroy != nullptr},
    };
    for (const auto& [name, present] : functions) {
        if (!present) {
            return name;
        }
    }
    return nullptr;
}

}  // namespace

TextWriter::TextWriter(std::size_t limit) : limit_(limit) {
    writer_.struct_size = sizeof writer_;
    writer_.self = this;
    writer_.write = [](const stoa_writer* writer, const void* data, size_t size) -> stoa_status {
        auto& self = *static_cast<TextWriter*>(writer->self);
        if (size > self.limit_ - self.text_.size()) {
            self.full_ = true;
            return STOA_EXHAUSTED;
        }
        try {
            self.text_.append(static_cast<const char*>(data), size);
        } catch (const std::bad_alloc&) {
            return STOA_EXHAUSTED;
        }
        return STOA_OK;
    };
}

Library::Library(std::filesystem::path file, const stoa_offer& offer) : file_(std::move(file)) {
    handle_ = dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle_) {
        const std::string reason = linkerError();
        std::filesystem::remove(file_);
        throw Error(STOA_INVALID, fmt::format("can't be loaded: {}", reason));
    }
    const auto refuse = [this](const std::string& why) {
        unload();
        throw Error(STOA_INVALID, why);
    };
    auto* entry = reinterpret_cast<stoa_plugin_entry_fn>(dlsym(handle_, kEntry));
    if (!entry) {
        refuse(fmt::format("does not export {}: is it a plugin, linked by stoa_add_plugin()?", kEntry));
    }
    TextWriter refusal;
    descriptor_ = entry(&offer, refusal.raw());
    if (!descriptor_) {
        refuse(fmt::format("refused ABI {}.{} of this host: {}", offer.abi_major, offer.abi_minor,
                           refusal.text().empty() ? "no reason given" : refusal.text()));
    }
    if (descriptor_->abi_major != offer.abi_major || descriptor_->abi_minor > offer.abi_minor) {
        refuse(fmt::format("needs ABI {}.{}, this host offers {}.{}: install a host of that ABI",
                           descriptor_->abi_major, descriptor_->abi_minor, offer.abi_major, offer.abi_minor));
    }
    if (!STOA_HAS(descriptor_, destroy)) {
        refuse(fmt::format("has a descriptor of {} bytes, this host needs {}: build it with current headers",
                           descriptor_->struct_size, offsetof(stoa_plugin, destroy) + sizeof(descriptor_->destroy)));
    }
    if (const char* missing = missingFunction(*descriptor_)) {
        refuse(fmt::format("has a descriptor without {}", missing));
    }
}

Library::~Library() { unload(); }

bool Library::unload() {
    if (handle_) {
        descriptor_ = nullptr;
        dlclose(std::exchange(handle_, nullptr));
        unmapped_ = !isMapped(file_);
        std::error_code ignored;  // a leftover copy is swept at the next start
        std::filesystem::remove(file_, ignored);
    }
    return unmapped_;
}

}  // namespace stoa::host::plugin
