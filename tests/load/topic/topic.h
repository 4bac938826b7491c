/// What stands at both ends of a topic in ./dev bench outbox. Each prints one line of JSON on standard output when it
/// has done its work, and throws stoa::Error when it can't.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace stoa::load {

/// `CLOCK_MONOTONIC`, which is one for all processes of a machine.
inline std::int64_t nowUs() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

/// Reads every partition from its end on. Prints "ready" once it does; standard input then brings how many events there
/// will have been, and it ends when it has seen them all, or nothing new for half a minute. Each event has a key of its
/// own and says in its `madeUs` when it was made.
void watch(const std::string& brokers, const std::string& topic);

/// Sends `count` events of 1 KiB, as the host's own producer does but without a host, `rate` a second when they are due
/// (0: as fast as the client takes them), and waits until all are acknowledged.
void send(const std::string& brokers, const std::string& topic, std::uint64_t count, double rate);

}  // namespace stoa::load
