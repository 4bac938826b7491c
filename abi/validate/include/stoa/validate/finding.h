/// May this file be loaded as a plugin? What stoa-validate, package builds and the host ask, without running it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stoa::validate {

/// kError: the host must not load it. kWarning: it can be loaded, and somebody will be sorry.
enum class Severity { kWarning, kError };

struct Finding {
    Severity severity = Severity::kError;
    std::string rule;     ///< short and stable: "exports", "unique", "manifest" …
    std::string subject;  ///< the symbol, library or field
    std::string reason;
    std::string cure;
    std::string pointer = {};    ///< within a schema (JSON pointer, RFC 6901): findings of the contract
    std::string statement = {};  ///< its beginning: findings of migrations
    int line = 0;                ///< where that begins in its file
};

/// What the file is held against.
struct Surroundings {
    /// SONAMEs that the host holds already, such as "libPocoFoundation.so.80": another version beside would interpose.
    std::vector<std::string> host_libraries;
};

/// Everything found, errors first. Empty: it may be loaded. Never throws for what is in the file, bounded in time and
/// memory for every input.
std::vector<Finding> validateFile(const std::string& path, const Surroundings& surroundings = {});

/// Libraries that an ELF file names as needed; empty when it is none. For Surroundings of a host's executable.
std::vector<std::string> neededLibraries(const std::string& path);

/// The libraries that this process has mapped, by file name without folder, which is the SONAME for those that a system
/// installs. For Surroundings of a host that is about to load a plugin.
std::vector<std::string> residentLibraries();

inline bool hasErrors(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
        if (finding.severity == Severity::kError) {
            return true;
        }
    }
    return false;
}

}  // namespace stoa::validate
