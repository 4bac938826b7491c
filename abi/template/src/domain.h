/// The rules, without input and output.
#pragma once

#include <string>
#include <string_view>

#include <stoa/time.h>

namespace newcomer {

struct Entry {
    std::string id;
    std::string title;
    stoa::Time created;
};

/// The title as it is kept: one space between two words, none at the ends. Empty when it has no word.
std::string tidied(std::string_view title);

}  // namespace newcomer
