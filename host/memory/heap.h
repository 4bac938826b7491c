/// How the process keeps what has been freed: for a host that lives for months and loads, checks and unloads libraries.
#pragma once

namespace stoa::host::memory {

/// Sets glibc's malloc (mallopt(3)) so that large blocks go back to the kernel when they are freed, and idle threads
/// share few heaps. Left alone, it raises its thresholds with the largest mapped block that was freed, and each of the
/// 8 heaps per processor keeps megabytes that nobody uses.
///
/// Whatever the environment sets stays (MALLOC_ARENA_MAX, MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_,
/// GLIBC_TUNABLES). Once, before there are other threads.
void limitHeaps();

}  // namespace stoa::host::memory
