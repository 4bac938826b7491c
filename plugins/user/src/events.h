/// What users publish and what they listen to.
#pragma once

#include <stoa/event.h>
#include <stoa/sql.h>

#include "domain.h"

namespace user::events {

/// Raises the user's event version. The row with it must be written before publishProfile.
void raise(User& user);
void publishProfile(stoa::Transaction& tx, const User& user);

void onRegistered(const stoa::Event& event, stoa::Transaction& tx);

}  // namespace user::events
