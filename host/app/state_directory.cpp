#include "host/app/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include <stoa/error.h>
#include <stoa/uuid.h>

#include "host/base/atomic_file.h"
#include "host/base/ids.h"

namespace stoa::host::app {
namespace fs = std::filesystem;

StateDirectory::StateDirectory(const std::string& path, const Clock& clock) {
    std::error_code failed;
    fs::create_directories(path, failed);
    fs::permissions(path, fs::perms::owner_all, failed);
    const fs::path lock = fs::path(path) / "lock";
    lock_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0) {
        throw Error(STOA_UNAVAILABLE,
                    fmt::format("the state directory {} can't be written: set `state` to one that can", path));
    }
    if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        close(lock_);
        throw Error(STOA_CONFLICT,
                    fmt::format("another host runs with the state directory {}: stop it, or set `state` to "
                                "a directory of this host's own",
                                path));
    }
    const fs::path file = fs::path(path) / "host_id";
    std::ifstream(file) >> host_id_;
    if (!isUuid(host_id_)) {
        host_id_ = newId(clock);
        writeAtomically(file, host_id_ + "\n");
    }
    const fs::path starts = fs::path(path) / "epoch";
    std::int64_t before = 0;
    std::ifstream(starts) >> before;
    epoch_ = std::max(toMicros(clock.now()), before + 1);
    writeAtomically(starts, std::to_string(epoch_) + "\n");
}

StateDirectory::~StateDirectory() { close(lock_); }

}  // namespace stoa::host::app
