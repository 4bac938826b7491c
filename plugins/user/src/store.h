/// Profiles in SQL.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace user::store {

/// False: this user is there already.
bool insert(stoa::Transaction& tx, const User& user);
std::optional<User> find(stoa::Transaction& tx, std::string_view user_id);
/// Writes the changed profile if it is still at `user.version`, as the next version. Throws Error STOA_CONFLICT
/// otherwise, so that the transaction runs again on what is there now.
void update(stoa::Transaction& tx, User& user);

/// Oldest first.
std::vector<Address> addresses(stoa::Transaction& tx, std::string_view user_id);
void insertAddress(stoa::Transaction& tx, std::string_view user_id, const Address& address);
/// Everything but whether it is the default.
void updateAddress(stoa::Transaction& tx, const Address& address);
void removeAddress(stoa::Transaction& tx, std::string_view address_id);
/// Makes this one the user's only default address.
void setDefault(stoa::Transaction& tx, std::string_view user_id, std::string_view address_id);

}  // namespace user::store
