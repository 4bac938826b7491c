/// What each target of this folder is made of: it is given bytes and says when a promise about them is broken.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace stoa::fuzz {

/// One input; ends the process by promise() when what came out of it is wrong.
void take(std::string_view bytes);

/// What holds for every input.
inline void promise(bool holds, std::string_view what) {
    if (!holds) {
        std::cerr << "broken: " << what << '\n';
        std::abort();
    }
}

/// A file in memory with these bytes, for what reads files.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view bytes);
    ~MemoryFile();
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

private:
    int fd_;
};

}  // namespace stoa::fuzz
