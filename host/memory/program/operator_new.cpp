// Replaces `operator new` and `operator delete` of the host's program, all forms ([new.delete]), so that each block
// names the account that it is charged to. Plugins and libraries call the program's: the dynamic linker finds it first.
//
// A block may be allocated by a plugin and freed by a library, or the other way round; counting inside of the plugin
// would drift with each of them.

#include <new>

#include "host/memory/block.h"

namespace {

using stoa::host::memory::allocate;
using stoa::host::memory::currentAccount;
using stoa::host::memory::release;

constexpr std::size_t kAnyAlignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

/// Out of the way of the usual case. [new.delete.single]: the handler makes room, throws, or is none.
[[gnu::cold, gnu::noinline]] void* allocateAgain(std::size_t size, std::size_t alignment) {
    for (;;) {
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) {
            throw std::bad_alloc();
        }
        handler();
        if (void* block = allocate(size, alignment, currentAccount())) {
            return block;
        }
    }
}

inline void* allocateOrThrow(std::size_t size, std::size_t alignment) {
    void* block = allocate(size, alignment, currentAccount());
    return block != nullptr ? block : allocateAgain(size, alignment);
}

inline void* allocateOrNull(std::size_t size, std::size_t alignment) noexcept {
    try {
        return allocateOrThrow(size, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

inline std::size_t of(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }

}  // namespace

void* operator new(std::size_t size) { return allocateOrThrow(size, kAnyAlignment); }
void* operator new[](std::size_t size) { return allocateOrThrow(size, kAnyAlignment); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocateOrThrow(size, of(alignment)); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return allocateOrThrow(size, of(alignment)); }

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocateOrNull(size, kAnyAlignment); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocateOrNull(size, kAnyAlignment); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocateOrNull(size, of(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocateOrNull(size, of(alignment));
}

void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { release(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { release(block); }
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept { release(block); }
