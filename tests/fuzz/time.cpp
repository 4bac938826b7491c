// RFC 3339: a time that is read is written as one that reads the same.

#include <stoa/time.h>

#include "tests/fuzz/fuzz.h"

void stoa::fuzz::take(std::string_view bytes) {
    if (const auto time = parseTime(bytes)) {
        const auto again = parseTime(formatTime(*time));
        promise(again && *again == *time, "a time survives being written");
    }
    if (isDate(bytes)) {
        promise(parseTime(std::string(bytes) + "T00:00:00Z").has_value(), "midnight of a date is a time");
    }
}
