// An ELF file of whoever: the reader looks at sections, segments and symbols, and runs nothing.

#include <stoa/validate/manifest.h>

#include "tests/fuzz/fuzz.h"

void stoa::fuzz::take(std::string_view bytes) {
    const MemoryFile file(bytes);
    const auto manifest = validate::readManifest(file.path());
    promise(manifest || !manifest.error().empty(), "a refusal has a reason");
}
