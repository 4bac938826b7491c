/// Whether a library is in this process' memory.
#pragma once

#include <fstream>
#include <string>

inline bool isMapped(const std::string& file) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(file) != std::string::npos) {
            return true;
        }
    }
    return false;
}
