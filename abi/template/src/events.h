/// What is published. A handler of others' events would stand here, too.
#pragma once

#include <stoa/sql.h>

#include "domain.h"

namespace newcomer::events {

/// The first event about an entry. Its row has been written before, in the same transaction.
void publishCreated(stoa::Transaction& tx, const Entry& entry);

}  // namespace newcomer::events
