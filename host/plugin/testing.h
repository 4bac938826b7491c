/// For tests of this folder and of host/dispatch: the plugin in plain C, loaded as the host loads it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/base/clock.h"
#include "host/observe/capabilities.h"
#include "host/plugin/generation.h"
#include "host/plugin/store.h"

namespace stoa::host::plugin::testing {

/// A directory that goes with the test.
class Directory {
public:
    Directory() {
        std::string name = std::filesystem::temp_directory_path() / "stoa-test-XXXXXX";
        path_ = mkdtemp(name.data());
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline Environment environmentOf(const Staged& staged, std::uint64_t generation) {
    Environment environment;
    environment.service = staged.manifest->name;
    environment.version = staged.manifest->version;
    environment.generation = generation;
    environment.manifest = staged.manifest;
    return environment;
}

/// Stages `file` and makes started generations of it. `http` is host/dispatch's capability, a stand-in, or nullptr for
/// a plugin that needs none.
class Plugins {
public:
    Plugins(const std::string& file, std::unique_ptr<Capability> http)
        : store_(directory_.path()), staged_(store_.stage(file)) {
        if (http) {
            capabilities_.push_back(std::move(http));
        }
        capabilities_.push_back(observe::logCapability());
        capabilities_.push_back(observe::clockCapability(clock_));
    }

    std::unique_ptr<Generation> generation() {
        const std::uint64_t number = next_++;
        auto made = std::make_unique<Generation>(environmentOf(staged_, number),
                                                 store_.copyFor(staged_, number).native(), capabilities_);
        made->start();
        return made;
    }
    const Staged& staged() const { return staged_; }
    const Clock& clock() const { return clock_; }

private:
    Directory directory_;
    Clock clock_;
    Store store_;
    Staged staged_;
    std::vector<std::unique_ptr<Capability>> capabilities_;
    std::uint64_t next_ = 1;
};

}  // namespace stoa::host::plugin::testing
