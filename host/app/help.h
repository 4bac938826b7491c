/// What `host --help` says.
#pragma once

#include <string_view>

namespace stoa::host::app {

std::string_view helpText();

}  // namespace stoa::host::app
