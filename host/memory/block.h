/// A block of memory that knows its account: 16 bytes in front of it name the account, the size, and where it began.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "host/memory/account.h"

namespace stoa::host::memory {

namespace detail {

/// Right before the block. The size takes the low 56 bits; the rest is the distance to where the memory began, as a
/// power of two: so no form of `operator delete` has to be told what the matching `new` was.
struct Header {
    Account* account;
    std::uint64_t size_and_shift;
};
static_assert(sizeof(Header) == 16 && alignof(std::max_align_t) == 16, "the header must keep malloc's alignment");

constexpr std::size_t kMaxBlock = std::size_t{1} << 48;
constexpr int kSizeBits = 56;

}  // namespace detail

/// `alignment` is a power of two. nullptr when there is no memory. With no account nobody is charged.
inline void* allocate(std::size_t size, std::size_t alignment, Account* account) noexcept {
    const std::size_t lead = alignment <= sizeof(detail::Header) ? sizeof(detail::Header) : alignment;
    if (size > detail::kMaxBlock || lead > detail::kMaxBlock) {
        return nullptr;
    }
    void* begin = nullptr;
    if (lead == sizeof(detail::Header)) {
        begin = std::malloc(size + lead);
    } else if (::posix_memalign(&begin, lead, size + lead) != 0) {
        begin = nullptr;
    }
    if (begin == nullptr) {
        return nullptr;
    }
    void* block = static_cast<std::byte*>(begin) + lead;
    // A block of nothing counts as one byte: an account at zero then has no blocks.
    const std::uint64_t counted = size == 0 ? 1 : size;
    auto* header = static_cast<detail::Header*>(block) - 1;
    header->account = account;
    header->size_and_shift = counted | static_cast<std::uint64_t>(std::countr_zero(lead)) << detail::kSizeBits;
    if (account != nullptr) {
        account->charge(counted);
    }
    return block;
}

/// Of allocate(); nullptr is ignored. Whichever account is current: the one that was charged is discharged.
inline void release(void* block) noexcept {
    if (block == nullptr) {
        return;
    }
    const detail::Header header = static_cast<detail::Header*>(block)[-1];
    std::free(static_cast<std::byte*>(block) - (std::size_t{1} << (header.size_and_shift >> detail::kSizeBits)));
    if (header.account != nullptr) {
        header.account->discharge(header.size_and_shift & ((std::uint64_t{1} << detail::kSizeBits) - 1));
    }
}

}  // namespace stoa::host::memory
