/// Entries in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace newcomer::store {

void insert(stoa::Transaction& tx, const Entry& entry);
std::optional<Entry> find(stoa::Transaction& tx, std::string_view id);
/// Up to `limit` entries that come after this id, oldest first: ids are in the order of creation.
std::vector<Entry> list(stoa::Transaction& tx, std::string_view after, std::int64_t limit);

}  // namespace newcomer::store
