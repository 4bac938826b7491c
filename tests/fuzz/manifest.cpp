// A compiled manifest's text, as it stands in a plugin file of whoever.

#include <stoa/validate/manifest.h>

#include "tests/fuzz/fuzz.h"

void stoa::fuzz::take(std::string_view bytes) {
    const auto manifest = validate::parseManifest(bytes);
    if (manifest) {
        promise(!manifest->name.empty() && !manifest->version.empty(), "a manifest has a name and a version");
    } else {
        promise(!manifest.error().empty(), "a refusal has a reason");
    }
}
