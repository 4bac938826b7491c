/// What accounts publish.
#pragma once

#include <string_view>

#include <stoa/sql.h>

#include "domain.h"

namespace auth::events {

/// The first event about a user; the user service counts on from it. `name` may be empty.
void publishRegistered(stoa::Transaction& tx, const Account& account, std::string_view name);

}  // namespace auth::events
