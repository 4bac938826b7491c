#include "host/memory/heap.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include <malloc.h>

namespace stoa::host::memory {
namespace {

// Most bodies and rows are smaller, and stay where the next one finds them.
constexpr int kLarge = 512 << 10;
// What may lie free at the end of a heap, so that it does not go to the kernel and back with each request.
constexpr int kSpare = 1 << 20;
// As many threads run as there are processors; twice that many, for one that is interrupted while it holds a lock.
constexpr unsigned kHeapsPerProcessor = 2;

void set(int parameter, int value, const char* variable) {
    if (std::getenv(variable) == nullptr) {
        mallopt(parameter, value);
    }
}

}  // namespace

void limitHeaps() {
    if (std::getenv("GLIBC_TUNABLES") != nullptr) {
        return;
    }
    set(M_MMAP_THRESHOLD, kLarge, "MALLOC_MMAP_THRESHOLD_");
    set(M_TRIM_THRESHOLD, kSpare, "MALLOC_TRIM_THRESHOLD_");
    const unsigned heaps = kHeapsPerProcessor * std::max(1U, std::thread::hardware_concurrency());
    set(M_ARENA_MAX, static_cast<int>(heaps), "MALLOC_ARENA_MAX");
}

}  // namespace stoa::host::memory
