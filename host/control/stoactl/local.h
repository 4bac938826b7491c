/// The commands of stoactl that ask no host.
#pragma once

#include <optional>
#include <string>

#include <json/value.h>

#include "host/control/stoactl/command_line.h"

namespace stoa::stoactl {

struct LocalAnswer {
    Json::Value json;
    std::string text;  ///< the same for people
};

/// Nothing when the command is one for a host. Throws stoa::Error; STOA_INVALID is a mistake in the arguments.
std::optional<LocalAnswer> answerLocally(const Question& question);

}  // namespace stoa::stoactl
