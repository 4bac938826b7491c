/// Answers for people.
#pragma once

#include <string>
#include <string_view>

#include <json/value.h>

namespace stoa::stoactl {

/// The answer of `command` as text: a table, or names and values. Any shape is shown somehow: a newer host may say
/// more. Control characters in values are made visible.
std::string render(std::string_view command, const Json::Value& result);
/// A step of a long command, on one line.
std::string renderProgress(const Json::Value& step);

}  // namespace stoa::stoactl
