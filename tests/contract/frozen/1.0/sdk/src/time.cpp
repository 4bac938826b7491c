#include <stoa/time.h>

#include <cstdio>

namespace stoa {

namespace {

using namespace std::chrono;

/// Exactly `count` digits at `at`, which then moves behind them.
std::optional<int> number(std::string_view text, std::size_t& at, std::size_t count) {
    if (at > text.size() || text.size() - at < count) {
        return std::nullopt;
    }
    int value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at) {
        if (text[at] < '0' || text[at] > '9') {
            return std::nullopt;
        }
        value = value * 10 + (text[at] - '0');
    }
    return value;
}

bool accept(std::string_view text, std::size_t& at, char c) {
    if (at < text.size() && text[at] == c) {
        ++at;
        return true;
    }
    return false;
}

std::optional<sys_days> date(std::string_view text, std::size_t& at) {
    const auto y = number(text, at, 4);
    const bool dash = accept(text, at, '-');
    const auto m = number(text, at, 2);
    const bool second_dash = accept(text, at, '-');
    const auto d = number(text, at, 2);
    if (!y || !dash || !m || !second_dash || !d) {
        return std::nullopt;
    }
    const year_month_day day{year{*y}, month{static_cast<unsigned>(*m)}, std::chrono::day{static_cast<unsigned>(*d)}};
    return day.ok() ? std::optional<sys_days>{day} : std::nullopt;
}

/// Hours, minutes: "23:59".
std::optional<minutes> hourAndMinute(std::string_view text, std::size_t& at) {
    const auto h = number(text, at, 2);
    const bool colon = accept(text, at, ':');
    const auto m = number(text, at, 2);
    if (!h || !colon || !m || *h > 23 || *m > 59) {
        return std::nullopt;
    }
    return hours{*h} + minutes{*m};
}

/// Digits behind a point, cut after microseconds.
std::optional<microseconds> fraction(std::string_view text, std::size_t& at) {
    const std::size_t from = at;
    std::int64_t micros = 0;
    int kept = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        if (kept < 6) {
            micros = micros * 10 + (text[at] - '0');
            ++kept;
        }
    }
    if (at == from) {
        return std::nullopt;
    }
    for (; kept < 6; ++kept) {
        micros *= 10;
    }
    return microseconds{micros};
}

std::optional<minutes> offset(std::string_view text, std::size_t& at) {
    if (accept(text, at, 'Z') || accept(text, at, 'z')) {
        return minutes{0};
    }
    const bool plus = accept(text, at, '+');
    if (!plus && !accept(text, at, '-')) {
        return std::nullopt;
    }
    const auto size = hourAndMinute(text, at);
    return size ? std::optional<minutes>{plus ? *size : -*size} : std::nullopt;
}

}  // namespace

std::string formatTime(Time time) {
    const auto day = floor<days>(time);
    const year_month_day date_of{day};
    const hh_mm_ss clock{time - day};
    char buffer[64];
    int size = std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date_of.year()),
                             static_cast<unsigned>(date_of.month()), static_cast<unsigned>(date_of.day()),
                             static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                             static_cast<int>(clock.seconds().count()));
    if (clock.subseconds().count() != 0) {
        size += std::snprintf(buffer + size, sizeof buffer - static_cast<std::size_t>(size), ".%06d",
                              static_cast<int>(clock.subseconds().count()));
    }
    return std::string(buffer, static_cast<std::size_t>(size)) + "Z";
}

std::optional<Time> parseTime(std::string_view text) {
    if (text.size() > 40) {
        return std::nullopt;
    }
    std::size_t at = 0;
    const auto day = date(text, at);
    if (!day || !(accept(text, at, 'T') || accept(text, at, 't'))) {
        return std::nullopt;
    }
    const auto minute = hourAndMinute(text, at);
    if (!minute || !accept(text, at, ':')) {
        return std::nullopt;
    }
    const auto second = number(text, at, 2);
    if (!second || *second > 59) {
        return std::nullopt;
    }
    const auto micros = accept(text, at, '.') ? fraction(text, at) : std::optional{microseconds{0}};
    const auto shift = micros ? offset(text, at) : std::nullopt;
    if (!shift || at != text.size()) {
        return std::nullopt;
    }
    const Time time = *day + *minute + seconds{*second} + *micros - *shift;
    const year_month_day utc{floor<days>(time)};
    if (utc.year() < year{0} || utc.year() > year{9999}) {
        return std::nullopt;
    }
    return time;
}

bool isDate(std::string_view text) {
    std::size_t at = 0;
    return text.size() == 10 && date(text, at).has_value();
}

}  // namespace stoa
