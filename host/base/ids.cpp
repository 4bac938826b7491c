#include "host/base/ids.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include <stoa/base64.h>
#include <stoa/uuid.h>

namespace stoa::host {
namespace {

/// Small requests are served from a block, since a system call for each would be most of their cost. The block's bytes
/// are used once. The process must not fork without exec: both sides would hand out the same bytes.
class RandomBlock {
public:
    void take(std::span<std::uint8_t> bytes) {
        if (position_ + bytes.size() > block_.size()) {
            fill(block_);
            position_ = 0;
        }
        for (std::uint8_t& byte : bytes) {
            byte = block_[position_];
            block_[position_++] = 0;
        }
    }
    static void fill(std::span<std::uint8_t> bytes) {
        while (!bytes.empty()) {
            const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
            if (got < 0 && errno != EINTR) {
                throw std::system_error(errno, std::generic_category(), "getrandom");
            }
            bytes = bytes.subspan(got > 0 ? static_cast<std::size_t>(got) : 0);
        }
    }

    static constexpr std::size_t kSize = 512;

private:
    std::array<std::uint8_t, kSize> block_{};
    std::size_t position_ = kSize;
};

}  // namespace

void fillRandom(std::span<std::uint8_t> bytes) {
    if (bytes.size() > RandomBlock::kSize / 4) {
        RandomBlock::fill(bytes);
        return;
    }
    thread_local RandomBlock block;
    block.take(bytes);
}

std::string newId(const Clock& clock) {
    std::array<std::uint8_t, 10> random;
    fillRandom(random);
    return uuidV7(toMicros(clock.now()) / 1000, random);
}

std::string randomHex(std::size_t bytes) {
    std::vector<std::uint8_t> random(bytes);
    fillRandom(random);
    return hex(random);
}

}  // namespace stoa::host
