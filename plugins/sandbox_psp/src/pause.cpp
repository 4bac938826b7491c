#include "pause.h"

namespace sandbox_psp {

bool Pause::wait(std::chrono::milliseconds time) {
    std::unique_lock lock{mutex_};
    if (waiting_ >= most_) {
        return false;
    }
    ++waiting_;
    ended_.wait_for(lock, time, [&] { return over_; });
    --waiting_;
    return true;
}

void Pause::end() {
    {
        const std::lock_guard lock{mutex_};
        over_ = true;
    }
    ended_.notify_all();
}

}  // namespace sandbox_psp
