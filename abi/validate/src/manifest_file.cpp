#include "manifest_file.h"

#include <fmt/format.h>

namespace stoa::validate {
namespace {

constexpr std::size_t kLargestManifest = 8 << 20;

}  // namespace

tl::expected<Manifest, std::string> manifestOf(const ElfFile& file) {
    const auto text = file.section(".stoa.manifest", kLargestManifest);
    if (!text) {
        return tl::unexpected(text.error());
    }
    auto manifest = parseManifest(*text);
    if (!manifest) {
        return tl::unexpected("has a manifest that can't be used: " + manifest.error());
    }
    return manifest;
}

tl::expected<Manifest, std::string> readManifest(const std::string& file) {
    const auto elf = ElfFile::open(file);
    if (!elf) {
        return tl::unexpected(fmt::format("{} {}", file, elf.error()));
    }
    auto manifest = manifestOf(*elf);
    if (!manifest) {
        return tl::unexpected(fmt::format("{} {}", file, manifest.error()));
    }
    return manifest;
}

}  // namespace stoa::validate
