// One form of a UUID and no other.

#include <algorithm>

#include <stoa/uuid.h>

#include "tests/fuzz/fuzz.h"

void stoa::fuzz::take(std::string_view bytes) {
    if (const auto uuid = parseUuid(bytes)) {
        promise(bytes.size() == 36, "a UUID has 36 characters");
        promise(std::count(bytes.begin(), bytes.end(), '-') == 4, "a UUID has four hyphens");
    }
    promise(isUuid(uuidFromName("fuzz", bytes)), "an id from a name is a UUID");
}
