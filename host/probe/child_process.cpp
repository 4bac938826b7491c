#include "host/probe/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgets to say that it is C
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "host/probe/record.h"

namespace stoa::host::probe {
namespace {

constexpr std::size_t kLongestLine = 8192;

[[noreturn]] void raise(int code, const std::string& what) {
    throw std::system_error(code, std::generic_category(), what);
}

int checked(int result, const char* what) {
    if (result < 0) {
        raise(errno, what);
    }
    return result;
}

/// A file without a name, so that settings stand neither in a path nor in the process list.
Descriptor inputFile(const std::string& input) {
    Descriptor file(checked(memfd_create("stoa-probe", MFD_CLOEXEC), "memfd_create"));
    for (std::size_t written = 0; written < input.size();) {
        written += static_cast<std::size_t>(
            checked(static_cast<int>(write(file.get(), input.data() + written, input.size() - written)), "write"));
    }
    checked(static_cast<int>(lseek(file.get(), 0, SEEK_SET)), "lseek");
    return file;
}

struct Pipe {
    Descriptor read, write;
};

Pipe makePipe() {
    std::array<int, 2> ends{};
    checked(pipe2(ends.data(), O_CLOEXEC), "pipe2");
    Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
    checked(fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK), "fcntl");
    return pipe;
}

/// Only what a plain program needs: a secret of the host may stand in its environment.
std::vector<std::string> cleanEnvironment() {
    std::vector<std::string> kept;
    for (const char* name :
         {"PATH", "LD_LIBRARY_PATH", "TZ", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
        if (const char* value = std::getenv(name); value != nullptr) {
            kept.push_back(std::string(name) + '=' + value);
        }
    }
    kept.emplace_back("LC_ALL=C");
    return kept;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    all.reserve(texts.size() + 1);
    for (std::string& each : texts) {
        all.push_back(each.data());
    }
    all.push_back(nullptr);
    return all;
}

/// What posix_spawn does between fork and exec.
class SpawnPlan {
public:
    SpawnPlan() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes, &signals);
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes, &signals);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

/// Above the descriptors that the child's take the place of, so that one dup2 can't overwrite the next one's source.
Descriptor liftedOf(const Descriptor& from) {
    return Descriptor(checked(fcntl(from.get(), F_DUPFD_CLOEXEC, kRecordDescriptor + 1), "fcntl"));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = other.release();
    }
    return *this;
}

void Descriptor::close() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

int Descriptor::release() { return std::exchange(fd_, -1); }

ChildProcess::ChildProcess(const std::filesystem::path& program, const std::string& input) {
    Pipe records = makePipe();
    Pipe printed = makePipe();
    const Descriptor in = liftedOf(inputFile(input));
    const Descriptor records_in = liftedOf(records.write);
    const Descriptor printed_in = liftedOf(printed.write);

    SpawnPlan plan;
    posix_spawn_file_actions_adddup2(&plan.actions, in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&plan.actions, printed_in.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&plan.actions, printed_in.get(), STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&plan.actions, records_in.get(), kRecordDescriptor);
    posix_spawn_file_actions_addclosefrom_np(&plan.actions, kRecordDescriptor + 1);
    std::vector<std::string> arguments{program.native(), "--child"};
    std::vector<std::string> environment = cleanEnvironment();
    const int code = posix_spawn(&pid_, program.c_str(), &plan.actions, &plan.attributes, pointers(arguments).data(),
                                 pointers(environment).data());
    if (code != 0) {
        pid_ = -1;
        raise(code, program.native());
    }
    records_.from = std::move(records.read);
    printed_.from = std::move(printed.read);
    end_ = Descriptor(pidfd_open(pid_, 0));
    if (!end_.open()) {
        const int why = errno;
        reap(true);
        raise(why, "pidfd_open");
    }
}

ChildProcess::~ChildProcess() {
    if (pid_ > 0) {
        reap(true);
    }
}

bool ChildProcess::Stream::read() {
    std::array<char, 16384> buffer{};
    const ssize_t size = ::read(from.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (size <= 0) {
        from.close();
        return false;
    }
    pending.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', begin)) {
        on_line(std::string_view(pending).substr(begin, end - begin));
        begin = end + 1;
    }
    pending.erase(0, begin);
    if (pending.size() > kLongestLine) {
        on_line(pending);
        pending.clear();
    }
    return true;
}

/// What it wrote before it ended; somebody that it started may still hold the pipes, so not until their end.
void ChildProcess::drain() {
    constexpr int kEnough = 256;  // more than a pipe holds
    for (Stream* stream : {&records_, &printed_}) {
        for (int i = 0; i < kEnough && stream->from.open() && stream->read(); ++i) {
        }
        if (!stream->pending.empty()) {
            stream->on_line(std::exchange(stream->pending, {}));
        }
    }
}

Ending ChildProcess::reap(bool timed_out) {
    if (timed_out) {
        kill(pid_, SIGKILL);
    }
    siginfo_t info{};
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    // Before its id is free for others: whatever it started has no business to live on.
    kill(-pid_, SIGKILL);
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0 && errno == EINTR) {
    }
    pid_ = -1;
    Ending ending;
    ending.timed_out = timed_out;
    (info.si_code == CLD_EXITED ? ending.code : ending.signal) = info.si_status;
    return ending;
}

Ending ChildProcess::run(std::chrono::steady_clock::time_point deadline, const OnLine& record, const OnLine& printed) {
    using std::chrono::milliseconds;
    records_.on_line = record;
    printed_.on_line = printed;
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            const Ending ending = reap(true);
            drain();
            return ending;
        }
        // A closed stream is -1, which poll leaves alone.
        std::array<pollfd, 3> waiting{
            {{records_.from.get(), POLLIN, 0}, {printed_.from.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
        const auto wait = std::min<std::int64_t>(left.count(), 60'000);
        if (poll(waiting.data(), waiting.size(), static_cast<int>(wait)) <= 0) {
            continue;
        }
        if (waiting[0].revents != 0) {
            records_.read();
        }
        if (waiting[1].revents != 0) {
            printed_.read();
        }
        if (waiting[2].revents != 0) {
            const Ending ending = reap(false);
            drain();
            return ending;
        }
    }
}

}  // namespace stoa::host::probe
