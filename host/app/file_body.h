/// A plugin file on its way from one host to another.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <stoa/error.h>

#include "host/http/message.h"
#include "host/plugin/worker_pool.h"

namespace stoa::host::app {

inline constexpr std::int64_t kMaxPluginFile = 256 << 20;  ///< bytes

/// A thread that writes to the disk, so that no I/O thread does. Closed once, after which it takes nothing.
class DiskLane {
public:
    DiskLane() : pool_(std::make_unique<plugin::WorkerPool>("remote-upgrade", plugin::WorkerPoolOptions{1, 16})) {}
    bool submit(std::function<void()> job);
    /// Runs what is queued and joins. Not on the lane itself.
    void close();

private:
    std::mutex mutex_;
    std::unique_ptr<plugin::WorkerPool> pool_;
};

/// The file as a body, in pieces. Throws stoa::Error when it can't be read or is over kMaxPluginFile.
std::shared_ptr<http::BodySource> sendFile(const std::filesystem::path& file);

/// Writes `source` to `file` (0600) piece by piece and hashes it. `done` runs once, on the lane or on the thread of the
/// piece that could not be taken, with the SHA-256 in hexadecimal, or with why there is none.
struct Received {
    stoa_status status = STOA_OK;
    std::string text;  ///< the hash, or the reason
};
void receiveFile(std::shared_ptr<http::BodySource> source, const std::filesystem::path& file,
                 std::shared_ptr<DiskLane> lane, std::function<void(Received)> done);

}  // namespace stoa::host::app
