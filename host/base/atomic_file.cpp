#include "host/base/atomic_file.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <string>

#include <fmt/format.h>

#include <stoa/error.h>

namespace stoa::host {
namespace fs = std::filesystem;
namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

[[noreturn]] void fail(const fs::path& file, const char* what) {
    const int code = errno;
    const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    throw Error(full ? STOA_EXHAUSTED : STOA_UNAVAILABLE,
                fmt::format("{}: {} failed: {}{}", file.native(), what, std::strerror(code),
                            full ? "; free some space and try again" : ""));
}

void syncDirectory(const fs::path& directory) {
    const Descriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0 || fsync(fd.get()) != 0) {
        fail(directory, "fsync");
    }
}

void replace(const fs::path& file, unsigned mode, Durability durability,
             const std::function<void(int fd, const fs::path&)>& fill) {
    const bool synced = durability == Durability::kSynced;
    std::string name = file.native() + ".XXXXXX";
    const Descriptor fd(mkostemp(name.data(), O_CLOEXEC));
    if (fd.get() < 0) {
        fail(file, "creating a file beside it");
    }
    try {
        fill(fd.get(), name);
        if (fchmod(fd.get(), mode) != 0) {
            fail(name, "fchmod");
        }
        if (synced && fsync(fd.get()) != 0) {
            fail(name, "fsync");
        }
        if (rename(name.c_str(), file.c_str()) != 0) {
            fail(file, "rename");
        }
    } catch (...) {
        unlink(name.c_str());
        throw;
    }
    if (synced) {
        syncDirectory(file.parent_path().empty() ? "." : file.parent_path());
    }
}

}  // namespace

void writeAtomically(const fs::path& file, std::string_view content, unsigned mode) {
    replace(file, mode, Durability::kSynced, [&](int fd, const fs::path& name) {
        while (!content.empty()) {
            const ssize_t wrote = write(fd, content.data(), content.size());
            if (wrote < 0 && errno != EINTR) {
                fail(name, "write");
            }
            content.remove_prefix(wrote > 0 ? static_cast<std::size_t>(wrote) : 0);
        }
    });
}

void copyAtomically(const fs::path& from, const fs::path& to, unsigned mode, Durability durability) {
    const Descriptor source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (source.get() < 0 || fstat(source.get(), &status) != 0) {
        fail(from, "open");
    }
    replace(to, mode, durability, [&](int fd, const fs::path& name) {
        for (off_t done = 0; done < status.st_size;) {
            const ssize_t sent = sendfile(fd, source.get(), &done, static_cast<std::size_t>(status.st_size - done));
            if (sent < 0 && errno != EINTR) {
                fail(name, "write");
            }
            if (sent == 0) {
                break;  // the source shrank; whoever compares hashes notices
            }
        }
    });
}

}  // namespace stoa::host
