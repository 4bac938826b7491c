#include "host/security/files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stoa/error.h>

#include "host/base/atomic_file.h"
#include "host/base/ids.h"

namespace stoa::host::security {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
    const std::string reason = std::strerror(errno);
    throw Error(STOA_UNAVAILABLE, path + ": " + what + ": " + reason);
}

struct Descriptor {
    explicit Descriptor(int fd) : value(fd) {}
    ~Descriptor() {
        if (value >= 0) {
            ::close(value);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    const int value;
};

void makeFolder(const std::filesystem::path& folder) {
    if (folder.empty() || std::filesystem::is_directory(folder)) {
        return;
    }
    makeFolder(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        fail(folder.string(), "can't be made");
    }
}

std::optional<std::string> read(const std::string& path, std::size_t limit, bool owner_only) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.value < 0) {
        if (errno == ENOENT) {
            return std::nullopt;
        }
        fail(path, "can't be read");
    }
    struct stat status {};
    if (::fstat(file.value, &status) != 0) {
        fail(path, "can't be read");
    }
    if (owner_only && (status.st_mode & 077) != 0) {
        throw Error(STOA_FORBIDDEN, path + ": others may read or write this key; run: chmod 600 " + path);
    }
    std::string text;
    char buffer[4096];
    for (ssize_t size = 1; size > 0;) {
        size = ::read(file.value, buffer, sizeof buffer);
        if (size < 0) {
            fail(path, "can't be read");
        }
        text.append(buffer, static_cast<std::size_t>(size));
        if (text.size() > limit) {
            throw Error(STOA_UNAVAILABLE, path + ": is larger than " + std::to_string(limit) + " bytes");
        }
    }
    return text;
}

}  // namespace

std::optional<std::string> readFile(const std::string& path, std::size_t limit) { return read(path, limit, false); }

std::optional<std::string> readPrivateFile(const std::string& path) { return read(path, 64 * 1024, true); }

bool createPrivateFile(const std::string& path, std::string_view text) {
    makeFolder(std::filesystem::path(path).parent_path());
    const std::string draft = path + "." + randomHex(8);  // whole before it gets the name that others look for
    writeAtomically(draft, text, 0600);
    const bool made = ::link(draft.c_str(), path.c_str()) == 0;
    const int code = errno;
    ::unlink(draft.c_str());
    if (!made && code != EEXIST) {
        errno = code;
        fail(path, "can't be made");
    }
    return made;
}

}  // namespace stoa::host::security
