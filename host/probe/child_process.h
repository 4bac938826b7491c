/// The child process of a probe: started, listened to, and never waited for longer than it has time.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace stoa::host::probe {

/// An open file descriptor.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor() { close(); }

    int get() const { return fd_; }
    bool open() const { return fd_ >= 0; }
    void close();
    int release();

private:
    int fd_;
};

/// How it ended.
struct Ending {
    bool timed_out = false;  ///< killed by the parent
    int signal = 0;          ///< or 0
    int code = 0;            ///< of exit
};

class ChildProcess {
public:
    using OnLine = std::function<void(std::string_view)>;

    /// Starts `program --child` with posix_spawn, never a fork of the host. Descriptor 0 holds `input`, 1 and 2 go to
    /// one pipe, 3 to another; no other is inherited, signals are as in a fresh process, it leads a process group of
    /// its own. Throws std::system_error when it can't be started.
    ChildProcess(const std::filesystem::path& program, const std::string& input);
    /// Kills what is left of its process group.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Hands over each line of both pipes until it has ended; kills it at `deadline`.
    Ending run(std::chrono::steady_clock::time_point deadline, const OnLine& record, const OnLine& printed);

private:
    struct Stream {
        Descriptor from;
        std::string pending = {};  // an unfinished line
        OnLine on_line = {};

        bool read();
    };
    void drain();
    Ending reap(bool timed_out);

    pid_t pid_ = -1;
    Descriptor end_;  // readable when the process has ended
    Stream records_, printed_;
};

}  // namespace stoa::host::probe
