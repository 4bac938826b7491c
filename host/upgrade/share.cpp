#include "host/upgrade/share.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace stoa::host::upgrade {
namespace {

/// Little-endian whatever the machine is: hosts of a fleet must agree. `size` is at most 8.
std::uint64_t wordOf(const char* bytes, std::size_t size) {
    if (size == 8 && std::endian::native == std::endian::little) {
        std::uint64_t word;  // the loop below says the same; compilers don't see that one load will do
        std::memcpy(&word, bytes, sizeof word);
        return word;
    }
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < size; ++i) {
        word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return word;
}

struct State {
    std::uint64_t a, b, c, d;

    void round() {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32);
        c += b;
        a += d;
        b = std::rotl(b, 17) ^ c;
        d = std::rotl(d, 21) ^ a;
        c = std::rotl(c, 32);
    }
    void take(std::uint64_t word) {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

}  // namespace

std::uint64_t sipHash(std::uint64_t k0, std::uint64_t k1, std::string_view data) {
    // The paper's constants: "somepseudorandomlygeneratedbytes".
    State state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
    const std::size_t whole = data.size() & ~std::size_t{7};
    for (std::size_t i = 0; i < whole; i += 8) {
        state.take(wordOf(data.data() + i, 8));
    }
    state.take(wordOf(data.data() + whole, data.size() - whole) | static_cast<std::uint64_t>(data.size()) << 56);
    state.c ^= 0xff;
    for (int i = 0; i < 4; ++i) {
        state.round();
    }
    return state.a ^ state.b ^ state.c ^ state.d;
}

bool inShare(std::string_view key, std::string_view service, std::string_view version, std::uint32_t permyriad) {
    constexpr std::uint64_t kAll = 10'000;
    const std::uint64_t by_key = sipHash(0, 0, key);
    const std::uint64_t by_service = sipHash(by_key, 0, service);
    const std::uint64_t hash = sipHash(by_service, 0, version);
    return ((hash >> 32) * kAll >> 32) < permyriad;
}

}  // namespace stoa::host::upgrade
