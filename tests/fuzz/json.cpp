// The guard before JsonCpp: what it lets through is written and read again as the same value.

#include <stoa/json.h>

#include "tests/fuzz/fuzz.h"

void stoa::fuzz::take(std::string_view bytes) {
    const auto value = parseJson(bytes);
    if (!value) {
        promise(!value.error().empty(), "a refusal has a reason");
        return;
    }
    promise(isText(bytes), "what is read is text");
    const std::string written = writeJson(*value);
    const auto again = parseJson(written);
    promise(again && writeJson(*again) == written, "what was written is read as the same");
}
