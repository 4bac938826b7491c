/// The log: one JSON object a line, with the current work's service, version, generation and ids added.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace stoa::host::observe {

enum class Level { kDebug, kInfo, kWarn, kError };

/// Name and value. Numbers and booleans are given as text and written as JSON strings, but for the names that
/// `reliability` fixes (status, generation: integers; duration_ms: number).
using Field = std::pair<std::string_view, std::string>;

struct LogOptions {
    Level level = Level::kInfo;
    std::string file;  ///< empty: standard error
    std::string host_id;
    bool human = false;   ///< short lines for people instead of JSON
    bool colour = false;  ///< of human lines: by level
};

/// Once, before threads start. Without it lines of kInfo and above go to standard error. Throws stoa::Error
/// (STOA_INVALID) when the file can't be opened.
void configureLog(const LogOptions& options);
bool logEnabled(Level level);

/// Any thread; one write(2) per line; never throws. `message` is a constant sentence; what varies is a field. Never a
/// secret. Bytes that are not UTF-8 are written as \\xNN.
void log(Level level, std::string_view message, std::span<const Field> fields);
inline void log(Level level, std::string_view message, std::initializer_list<Field> fields = {}) {
    log(level, message, std::span<const Field>{fields.begin(), fields.size()});
}

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::kDebug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::kInfo, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::kWarn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::kError, message, fields);
}

}  // namespace stoa::host::observe
