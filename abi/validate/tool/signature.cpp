#include "signature.h"

#include <fstream>
#include <iterator>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>
#include <stoa/validate/manifest.h>

namespace stoa::validate {
namespace {

std::optional<std::string> contentOf(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return in ? std::optional(std::string{std::istreambuf_iterator<char>(in), {}}) : std::nullopt;
}

}  // namespace

tl::expected<std::optional<std::string>, std::string> signerOf(const std::string& file) {
    const auto text = contentOf(file + ".sig");
    if (!text) {
        return std::nullopt;
    }
    const auto json = parseJson(*text);
    if (!json || !json->isObject() || textOr(*json, "key").empty()) {
        return tl::unexpected<std::string>("it is no signature as `stoactl sign` writes one");
    }
    const auto manifest = readManifest(file);
    const std::string sha256_of_file = hex(sha256(contentOf(file).value_or("")));
    if (textOr(*json, "file") != sha256_of_file || (manifest && textOr(*json, "manifest") != manifest->sha256)) {
        return tl::unexpected<std::string>("it speaks of another file, or of this one before it was changed");
    }
    return textOr(*json, "key");
}

}  // namespace stoa::validate
