/// Holds answers back, each on the worker that would give it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sandbox_psp {

/// Any thread. At most `most` wait at a time, so that some workers are always left.
class Pause {
public:
    explicit Pause(int most) : most_(most) {}
    /// Waits that long, or until `end()`. False, at once, when too many wait already. Hold no transaction meanwhile.
    bool wait(std::chrono::milliseconds time);
    /// Lets all go, also those that come later: the plugin stops.
    void end();

private:
    const int most_;
    std::mutex mutex_;
    std::condition_variable ended_;
    int waiting_ = 0;
    bool over_ = false;
};

}  // namespace sandbox_psp
