#include "host/control/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <stoa/error.h>

namespace stoa::host::control {
namespace {

using Clock = std::chrono::steady_clock;

std::string why() { return std::generic_category().message(errno); }

/// An address may be 107 bytes long, and a path longer: then the folder is opened, and named by its descriptor.
class Address {
public:
    explicit Address(const std::string& path) {
        address_.sun_family = AF_UNIX;
        std::string name = path;
        if (const std::size_t slash = path.rfind('/'); path.size() >= sizeof address_.sun_path && slash != path.npos) {
            folder_ = Descriptor(::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
            if (!folder_) {
                throw Error(STOA_UNAVAILABLE, fmt::format("control.socket {}: {}", path, why()));
            }
            name = fmt::format("/proc/self/fd/{}/{}", folder_.get(), path.substr(slash + 1));
        }
        if (name.empty() || name.size() >= sizeof address_.sun_path) {
            throw Error(STOA_INVALID, fmt::format("control.socket {}: a socket's name has 1 to {} bytes; choose a "
                                                  "shorter one",
                                                  path, sizeof address_.sun_path - 1));
        }
        name.copy(address_.sun_path, sizeof address_.sun_path - 1);
    }

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
    static constexpr socklen_t size() { return sizeof(sockaddr_un); }

private:
    sockaddr_un address_{};
    Descriptor folder_;
};

bool tryConnect(int socket, const std::string& path) {
    const Address address(path);
    return ::connect(socket, address.get(), Address::size()) == 0;
}

Descriptor newSocket() {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) {
        throw Error(STOA_UNAVAILABLE, fmt::format("no socket for control: {}", why()));
    }
    return socket;
}

/// Milliseconds for poll(2) until `end`; -1 when there is none.
int left(std::optional<Clock::time_point> end) {
    if (!end) {
        return -1;
    }
    const auto rest = std::chrono::ceil<Milliseconds>(*end - Clock::now()).count();
    return rest > 0 ? static_cast<int>(rest) : 0;
}

std::optional<Clock::time_point> endOf(Milliseconds wait) {
    return wait == Milliseconds::zero() ? std::nullopt : std::optional{Clock::now() + wait};
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

Descriptor listenAt(const std::string& path) {
    struct stat existing {};
    if (::lstat(path.c_str(), &existing) == 0) {
        if (!S_ISSOCK(existing.st_mode)) {
            throw Error(STOA_INVALID, fmt::format("control.socket {}: a file that is no socket is there; move it away "
                                                  "or choose another path",
                                                  path));
        }
        const Descriptor probe = newSocket();
        if (tryConnect(probe.get(), path) || errno == EAGAIN) {
            throw Error(STOA_CONFLICT, fmt::format("control.socket {}: another host listens there; give this one a "
                                                   "state directory or control.socket of its own",
                                                   path));
        }
    }
    // Under a name that nobody knows until the mode is right; the rename replaces what a dead host left.
    const std::string hidden = path + ".new";
    const Address address(hidden);
    Descriptor socket = newSocket();
    ::unlink(hidden.c_str());
    if (::bind(socket.get(), address.get(), Address::size()) != 0 || ::chmod(hidden.c_str(), 0600) != 0 ||
        ::listen(socket.get(), 16) != 0 || ::rename(hidden.c_str(), path.c_str()) != 0) {
        const std::string reason = why();
        ::unlink(hidden.c_str());
        throw Error(
            STOA_INVALID,
            fmt::format("control.socket {}: {}; choose a path in a folder that this user may write", path, reason));
    }
    return socket;
}

Descriptor connectTo(const std::string& path) {
    Descriptor socket = newSocket();
    if (!tryConnect(socket.get(), path)) {
        throw Error(errno == EACCES || errno == EPERM ? STOA_FORBIDDEN : STOA_UNAVAILABLE, why());
    }
    return socket;
}

bool LineReader::takeLine(std::string& line) {
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
        return false;
    }
    line.assign(buffer_, 0, end);
    buffer_.erase(0, end + 1);
    return true;
}

ReadEnd LineReader::next(std::string& line, Milliseconds idle, Milliseconds rest) {
    auto end = endOf(buffer_.empty() ? idle : rest);
    while (!takeLine(line)) {
        if (buffer_.size() > max_line_) {
            return ReadEnd::kTooLong;
        }
        pollfd waits[] = {{socket_, POLLIN, 0}, {stop_, POLLIN, 0}};
        const int ready = ::poll(waits, 2, left(end));
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            return ReadEnd::kTimeout;
        }
        if (waits[1].revents != 0) {
            return ReadEnd::kStopped;
        }
        char chunk[4096];
        const ssize_t got = ::recv(socket_, chunk, sizeof chunk, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (got <= 0) {
            return ReadEnd::kClosed;
        }
        if (buffer_.empty()) {
            end = endOf(rest);
        }
        buffer_.append(chunk, static_cast<std::size_t>(got));
    }
    return line.size() > max_line_ ? ReadEnd::kTooLong : ReadEnd::kLine;
}

bool writeAll(int socket, std::string_view data, Milliseconds wait) {
    while (!data.empty()) {
        const ssize_t sent = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            data.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno == EINTR) {
            continue;
        }
        pollfd writable{socket, POLLOUT, 0};
        if (errno != EAGAIN || ::poll(&writable, 1, static_cast<int>(wait.count())) <= 0) {
            return false;
        }
    }
    return true;
}

bool hasLeft(int socket) {
    pollfd state{socket, POLLRDHUP, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace stoa::host::control
