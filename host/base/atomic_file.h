/// Files that are there completely or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace stoa::host {

/// Writes beside `file`, syncs, renames, syncs the directory (rename(2) alone survives no power loss). Mode 0600 unless
/// given. Throws stoa::Error: STOA_EXHAUSTED when the disk is full, STOA_UNAVAILABLE otherwise, naming the file.
void writeAtomically(const std::filesystem::path& file, std::string_view content, unsigned mode = 0600);

/// Whether a file outlives a loss of power. A sync makes everybody wait who writes to the same file system, log lines
/// included: what is made again after a restart is not synced.
enum class Durability { kSynced, kScratch };
void copyAtomically(const std::filesystem::path& from, const std::filesystem::path& to, unsigned mode = 0500,
                    Durability durability = Durability::kSynced);

}  // namespace stoa::host
