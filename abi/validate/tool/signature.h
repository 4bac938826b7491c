/// Whose signature lies beside a plugin file. Whether it is good is for the host to say, which has the keys.
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

namespace stoa::validate {

/// The id of the key that `<file>.sig` names as its signer's; nothing when there is no such file. The error says why
/// the signature can't be one of this file.
tl::expected<std::optional<std::string>, std::string> signerOf(const std::string& file);

}  // namespace stoa::validate
