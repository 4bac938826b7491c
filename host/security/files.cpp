#include "host/security/files.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stoa/base64.h>
#include <stoa/error.h>

#include "host/base/atomic_file.h"
#include "host/base/ids.h"
#include "host/security/openssl.h"

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

std::string hashOf(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        throw Error(STOA_NOT_FOUND, file.native() + " can't be read");
    }
    const openssl::DigestPointer context(EVP_MD_CTX_new());
    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
    std::array<char, 64 << 10> buffer;
    while (in.read(buffer.data(), buffer.size()), in.gcount() > 0) {
        EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) {
        throw Error(STOA_UNAVAILABLE, file.native() + " could not be read to its end");
    }
    std::array<std::uint8_t, 32> digest;
    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
    return hex(digest);
}

}  // namespace stoa::host::security
