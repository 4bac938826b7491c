#include "host/plugin/handover.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include <stoa/error.h>

#include "host/plugin/generation.h"

namespace stoa::host::plugin {
namespace {

/// Not an Error: copies of a std::runtime_error share their text, also those on two threads.
struct Failure {
    stoa_status status = STOA_OK;
    std::string why;
};

/// Shared by who waits and who saves: either may be the last one.
struct Saving {
    std::mutex mutex;
    std::condition_variable ended;
    bool given_up = false;
    bool done = false;
    std::string blob;
    std::optional<Failure> failure;
};

void save(Slot& slot, Saving& saving) {
    {
        const std::lock_guard lock(saving.mutex);
        if (saving.given_up) {
            return;
        }
    }
    std::string blob;
    std::optional<Failure> failure;
    try {
        if (const Lease lease = slot.enter()) {
            blob = lease->save();
        }
    } catch (const Error& error) {
        failure = {error.status(), error.what()};
    } catch (const std::exception& error) {
        failure = {STOA_INTERNAL, error.what()};
    }
    const std::lock_guard lock(saving.mutex);
    saving.blob = std::move(blob);
    saving.failure = std::move(failure);
    saving.done = true;
    saving.ended.notify_all();
}

}  // namespace

std::string saveState(Slot& slot, WorkerPool& pool, std::chrono::milliseconds limit) {
    const auto saving = std::make_shared<Saving>();
    if (!pool.submit([&slot, saving] { save(slot, *saving); })) {
        throw Error(STOA_EXHAUSTED, "save was not called: all workers are busy and the queue is full");
    }
    std::unique_lock lock(saving->mutex);
    if (!saving->ended.wait_for(lock, limit, [&] { return saving->done; })) {
        saving->given_up = true;
        throw Error(STOA_DEADLINE, fmt::format("save did not end within {} ms", limit.count()));
    }
    if (saving->failure) {
        throw Error(saving->failure->status, saving->failure->why);
    }
    return std::move(saving->blob);
}

}  // namespace stoa::host::plugin
