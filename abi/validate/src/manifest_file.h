#pragma once

#include <stoa/validate/manifest.h>

#include "elf_file.h"

namespace stoa::validate {

/// The manifest inside an open file.
tl::expected<Manifest, std::string> manifestOf(const ElfFile& file);

}  // namespace stoa::validate
