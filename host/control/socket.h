/// A unix stream socket with bounded waits; the same on both sides.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stoa::host::control {

/// A file descriptor, closed when it goes.
class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_(number) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

private:
    int number_;
};

using Milliseconds = std::chrono::milliseconds;

/// Binds and listens at `path` with mode 0600; a socket that nobody listens on is replaced. Throws stoa::Error:
/// STOA_CONFLICT when somebody listens there, STOA_INVALID when it can't be made.
Descriptor listenAt(const std::string& path);
/// Throws stoa::Error STOA_UNAVAILABLE, or STOA_FORBIDDEN when this user may not.
Descriptor connectTo(const std::string& path);

enum class ReadEnd { kLine, kClosed, kTimeout, kTooLong, kStopped };

/// Reads lines from a non-blocking socket.
class LineReader {
public:
    /// `stop`: a descriptor whose readability ends every wait, or -1.
    LineReader(int socket, int stop, std::size_t max_line) : socket_(socket), stop_(stop), max_line_(max_line) {}

    /// The next line without its end. Waits `idle` for its first byte, then `rest` for the whole of it; zero: for ever.
    ReadEnd next(std::string& line, Milliseconds idle, Milliseconds rest);

private:
    bool takeLine(std::string& line);

    int socket_;
    int stop_;
    std::size_t max_line_;
    std::string buffer_;
};

/// False when the other side has gone, or takes nothing for `wait`.
bool writeAll(int socket, std::string_view data, Milliseconds wait);
/// Whether the other side has closed.
bool hasLeft(int socket);

}  // namespace stoa::host::control
