/// The host's I/O threads, shared by the listeners and the outbound client.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace stoa::host::http {

class Loop;  // loop.h: one io_context; the only place where Boost shows

/// N threads, each running one event loop of its own. A connection lives on one loop and is touched by its thread only.
class Io {
public:
    /// Starts the threads.
    explicit Io(int threads = 2);
    /// Stops, if stop() was not called.
    ~Io();
    Io(const Io&) = delete;
    Io& operator=(const Io&) = delete;

    /// Ends and joins the threads and drops what was pending. Servers and clients go first. Not from an I/O thread.
    void stop();

    int threads() const;
    /// True on one of these threads, which must never block.
    bool onThread() const;

    /// Any thread. Runs `work` on an I/O thread: on the calling one when it is one (later, never inside this call),
    /// else on the next in turn.
    void post(std::function<void()> work);
    /// Any thread. The same after `delay`. Dropped by stop().
    void after(std::chrono::milliseconds delay, std::function<void()> work);

    /// For this folder and host/outbound: the calling thread's loop, else the next in turn.
    const std::shared_ptr<Loop>& loop();
    const std::vector<std::shared_ptr<Loop>>& loops() const;

private:
    struct Threads;
    std::unique_ptr<Threads> threads_;
};

}  // namespace stoa::host::http
