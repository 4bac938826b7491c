#include "host/observe/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include <stoa/error.h>

#include "host/base/work.h"
#include "host/observe/json_text.h"

namespace stoa::host::observe {
namespace {

// Plain objects: lines may be written before main's statics exist and after they have gone.
std::atomic<int> level_limit{static_cast<int>(Level::kInfo)};
std::atomic<int> descriptor{STDERR_FILENO};
std::atomic<bool> human_lines{false};
std::atomic<bool> coloured_lines{false};
char host_id[64] = {};

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
constexpr std::string_view kColours[] = {"\033[90m", "\033[0m", "\033[33m", "\033[31m"};

std::string timestamp() {
    using namespace std::chrono;
    const auto micros = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
    const std::time_t seconds = micros / 1'000'000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec, micros % 1'000'000);
}

bool isNumberField(std::string_view name) { return name == "status" || name == "generation" || name == "duration_ms"; }

bool isNumber(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    const bool json_shape = !text.empty() && text.back() != '.' && text.front() != '.' &&
                            !(text.size() > 1 && text[0] == '0' && text[1] != '.');
    return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value) && json_shape;
}

void addField(std::string& line, std::string_view name, std::string_view value) {
    line += ',';
    appendJsonString(line, name);
    line += ':';
    if (isNumberField(name) && isNumber(value)) {
        line += value;
    } else {
        appendJsonString(line, value);
    }
}

void addWhenGiven(std::string& line, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        addField(line, name, value);
    }
}

bool isGiven(std::span<const Field> fields, std::string_view name) {
    return std::any_of(fields.begin(), fields.end(), [&](const Field& field) { return field.first == name; });
}

/// What the thread's work adds, unless the caller said it himself.
void addWork(std::string& line, std::span<const Field> fields) {
    const Work* work = currentWork();
    if (work == nullptr) {
        return;
    }
    const std::pair<std::string_view, const std::string&> texts[] = {
        {"service", work->service},   {"version", work->version}, {"correlation_id", work->correlation_id},
        {"trace_id", work->trace_id}, {"span_id", work->span_id}, {"route", work->route}};
    for (const auto& [name, value] : texts) {
        if (!isGiven(fields, name)) {
            addWhenGiven(line, name, value);
        }
    }
    if (work->generation != 0 && !isGiven(fields, "generation")) {
        addField(line, "generation", std::to_string(work->generation));
    }
}

std::string jsonLine(Level level, std::string_view message, std::span<const Field> fields) {
    std::string line;
    line.reserve(256);
    line += "{\"ts\":\"";
    line += timestamp();
    line += "\",\"level\":\"";
    line += kNames[static_cast<int>(level)];
    line += "\",\"msg\":";
    appendJsonString(line, message);
    addWhenGiven(line, "host_id", host_id);
    addWork(line, fields);
    for (const auto& [name, value] : fields) {
        // A name that the line has already would make a duplicate key.
        const bool reserved = name == "ts" || name == "level" || name == "msg" || name == "host_id";
        addField(line, reserved ? fmt::format("field_{}", name) : std::string(name), value);
    }
    line += "}\n";
    return line;
}

std::string humanLine(Level level, std::string_view message, std::span<const Field> fields) {
    const std::string now = timestamp();
    const bool coloured = coloured_lines;
    std::string line = fmt::format("{}{} {:<5} ", coloured ? kColours[static_cast<int>(level)] : "", now.substr(11, 12),
                                   kNames[static_cast<int>(level)]);
    if (const Work* work = currentWork(); work != nullptr && !work->service.empty()) {
        line += fmt::format("[{}] ", work->service);
    }
    appendPrintable(line, message);
    for (const auto& [name, value] : fields) {
        line += ' ';
        appendPrintable(line, name);
        line += '=';
        appendPrintable(line, value);
    }
    line += coloured ? "\033[0m\n" : "\n";
    return line;
}

void writeLine(const std::string& line) {
    const int file = descriptor.load(std::memory_order_relaxed);
    const char* data = line.data();
    std::size_t left = line.size();
    while (left > 0) {
        const ssize_t written = ::write(file, data, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;  // nobody to tell
        }
        data += written;
        left -= static_cast<std::size_t>(written);
    }
}

}  // namespace

void configureLog(const LogOptions& options) {
    int file = STDERR_FILENO;
    if (!options.file.empty()) {
        file = ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (file < 0) {
            throw Error(STOA_INVALID, fmt::format("log.file {}: {}; give a file in a folder that this user may write",
                                                  options.file, std::generic_category().message(errno)));
        }
    }
    const int former = descriptor.exchange(file);
    if (former != STDERR_FILENO) {
        ::close(former);
    }
    host_id[options.host_id.copy(host_id, sizeof host_id - 1)] = '\0';
    human_lines = options.human;
    coloured_lines = options.colour;
    level_limit = static_cast<int>(options.level);
}

bool logEnabled(Level level) { return static_cast<int>(level) >= level_limit.load(std::memory_order_relaxed); }

void log(Level level, std::string_view message, std::span<const Field> fields) {
    if (!logEnabled(level)) {
        return;
    }
    try {
        writeLine(human_lines ? humanLine(level, message, fields) : jsonLine(level, message, fields));
    } catch (const std::exception&) {
        writeLine("{\"level\":\"error\",\"msg\":\"a log line could not be made: out of memory\"}\n");
    }
}

}  // namespace stoa::host::observe
