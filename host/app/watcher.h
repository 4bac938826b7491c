/// Notices that files were rebuilt: for `host --watch`.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace stoa::host::app {

/// Calls back once for each change of a file, as soon as nothing has written to it for `settle`. A linker writes in
/// place, or moves a finished file there; both are seen (inotify(7) on the folder), and so is a folder that is removed
/// and made again.
class Watcher {
public:
    using Changed = std::function<void(const std::string& file)>;

    /// Begins to watch. `changed` runs on the watcher's own thread, one file at a time; the file is named as it was
    /// given. Throws stoa::Error when the system gives no watch.
    Watcher(std::vector<std::string> files, Changed changed,
            std::chrono::milliseconds settle = std::chrono::milliseconds{100});
    /// Waits for a call back that is under way.
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

private:
    using Clock = std::chrono::steady_clock;
    enum class State { kStill, kBeingWritten, kSettling };
    struct File {
        std::string given;
        std::filesystem::path folder;
        std::string name;
        State state = State::kStill;
        Clock::time_point due{};  ///< when kSettling
    };

    void run();
    /// Until when poll may sleep, in milliseconds; -1: as long as nothing happens.
    int patience() const;
    void readEvents();
    void onEvent(int watch, std::uint32_t mask, const std::string& name);
    void reportSettled();
    /// Watches the folders that exist and are not watched. A file of a folder that came back counts as changed.
    void watchFolders(bool came_back);

    std::vector<File> files_;
    const Changed changed_;
    const std::chrono::milliseconds settle_;
    int inotify_ = -1;
    int stop_ = -1;
    std::map<int, std::filesystem::path> watches_;
    bool folders_missing_ = false;
    std::thread thread_;
};

}  // namespace stoa::host::app
