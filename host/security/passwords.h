/// argon2id (RFC 9106) with a bound on how many computations run at once: each takes memory and one core.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "host/base/work.h"

namespace stoa::host::security {

/// Defaults: OWASP's recommendation, between the two of RFC 9106 section 4 in time.
struct PasswordOptions {
    std::uint32_t memory_kib = 19456;
    std::uint32_t iterations = 2;
    std::uint32_t parallelism = 1;
    int concurrency = 2;                   ///< computations at once in this host
    std::chrono::milliseconds wait{2000};  ///< for a place, when the work has no deadline
};

/// Any thread; blocks. Throws stoa::Error: STOA_EXHAUSTED when no place came free in time, STOA_INVALID for a password
/// over 4 KiB or a hash that is none or asks for more than 256 MiB.
class Passwords {
public:
    explicit Passwords(PasswordOptions options = {});
    std::string hash(std::string_view password);
    /// An empty `phc` does the same work and is false.
    bool verify(std::string_view password, std::string_view phc);

private:
    class Place;
    PasswordOptions options_;
    std::mutex mutex_;
    std::condition_variable free_;
    int running_ = 0;
};

}  // namespace stoa::host::security
