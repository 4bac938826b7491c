#include "host/app/watcher.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <set>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <fmt/format.h>

#include <stoa/error.h>

namespace stoa::host::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kWriting = IN_CREATE | IN_MODIFY;
constexpr std::uint32_t kWritten = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t kGone = IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t kFolderGone = IN_IGNORED | IN_MOVE_SELF;
/// How often a folder that is not there is looked for.
constexpr std::chrono::milliseconds kLookAgain{250};

}  // namespace

Watcher::Watcher(std::vector<std::string> files, Changed changed, std::chrono::milliseconds settle)
    : changed_(std::move(changed)), settle_(settle) {
    for (std::string& file : files) {
        const fs::path path = fs::absolute(file).lexically_normal();
        files_.push_back({std::move(file), path.parent_path(), path.filename().string()});
    }
    inotify_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    stop_ = eventfd(0, EFD_CLOEXEC);
    if (inotify_ < 0 || stop_ < 0) {
        const std::string why = std::strerror(errno);
        ::close(inotify_);
        ::close(stop_);
        throw Error(STOA_UNAVAILABLE, fmt::format("--watch: the system gives no watch ({}); raise "
                                                  "fs.inotify.max_user_instances, or run without --watch",
                                                  why));
    }
    watchFolders(false);
    thread_ = std::thread([this] { run(); });
}

Watcher::~Watcher() {
    const std::uint64_t one = 1;
    while (::write(stop_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
    ::close(inotify_);
    ::close(stop_);
}

void Watcher::watchFolders(bool came_back) {
    folders_missing_ = false;
    std::set<fs::path> watched;
    for (const auto& [watch, folder] : watches_) {
        watched.insert(folder);
    }
    for (File& file : files_) {
        if (watched.contains(file.folder)) {
            continue;
        }
        const int watch =
            inotify_add_watch(inotify_, file.folder.c_str(), kWriting | kWritten | kGone | IN_MOVE_SELF | IN_ONLYDIR);
        if (watch < 0) {
            folders_missing_ = true;
            continue;
        }
        watches_[watch] = file.folder;
        std::error_code ignored;
        if (came_back && fs::exists(file.folder / file.name, ignored)) {
            file.state = State::kSettling;
            file.due = Clock::now() + settle_;
        }
    }
}

int Watcher::patience() const {
    int longest = folders_missing_ ? static_cast<int>(kLookAgain.count()) : -1;
    for (const File& file : files_) {
        if (file.state == State::kSettling) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(file.due - Clock::now()).count();
            const int wait = static_cast<int>(std::max<std::int64_t>(left, 0));
            longest = longest < 0 ? wait : std::min(longest, wait);
        }
    }
    return longest;
}

void Watcher::run() {
    std::array<pollfd, 2> waits{pollfd{stop_, POLLIN, 0}, pollfd{inotify_, POLLIN, 0}};
    while (true) {
        const int ready = ::poll(waits.data(), waits.size(), patience());
        if (ready > 0 && (waits[0].revents & POLLIN) != 0) {
            return;
        }
        readEvents();
        if (folders_missing_) {
            watchFolders(true);
        }
        reportSettled();
    }
}

void Watcher::readEvents() {
    alignas(inotify_event) std::array<char, 16 * (sizeof(inotify_event) + NAME_MAX + 1)> buffer;
    ssize_t size = 0;
    while ((size = ::read(inotify_, buffer.data(), buffer.size())) > 0) {
        for (ssize_t at = 0; at < size;) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            // The name is padded with zeros.
            const std::string name = event.len == 0 ? "" : buffer.data() + at + sizeof event;
            onEvent(event.wd, event.mask, name);
            at += static_cast<ssize_t>(sizeof event + event.len);
        }
    }
}

void Watcher::onEvent(int watch, std::uint32_t mask, const std::string& name) {
    if ((mask & IN_Q_OVERFLOW) != 0) {
        for (File& file : files_) {  // nobody knows what was missed
            file.state = State::kSettling;
            file.due = Clock::now() + settle_;
        }
        return;
    }
    const auto found = watches_.find(watch);
    if (found == watches_.end()) {
        return;
    }
    if ((mask & kFolderGone) != 0) {
        // Moved away: the watch would follow the folder, and it is the path that counts.
        inotify_rm_watch(inotify_, watch);
        watches_.erase(found);
        folders_missing_ = true;
        return;
    }
    for (File& file : files_) {
        if (file.name != name || file.folder != found->second) {
            continue;
        }
        file.due = Clock::now() + settle_;
        file.state = (mask & kWritten) != 0   ? State::kSettling
                     : (mask & kWriting) != 0 ? State::kBeingWritten
                                              : State::kStill;
    }
}

void Watcher::reportSettled() {
    for (File& file : files_) {
        if (file.state == State::kSettling && file.due <= Clock::now()) {
            file.state = State::kStill;
            changed_(file.given);
        }
    }
}

}  // namespace stoa::host::app
