/// A plugin's folder → its compiled manifest.
#pragma once

#include <filesystem>
#include <string>

#include "document.h"

namespace stoa::validate {

/// Merges manifest.json with the OpenAPI document, event schemas and migrations that it names, and checks the whole.
/// One line of JSON. Throws SourceError, which says file, place, reason and cure.
std::string compileManifest(const std::filesystem::path& folder);

}  // namespace stoa::validate
