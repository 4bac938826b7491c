#include "host/events/inbox.h"

namespace stoa::host::events {

bool Inbox::enter(sql::Transaction& transaction, const std::string& event_id, std::int64_t now_us) const {
    return transaction
               .execute(
                   "INSERT INTO stoa_inbox (consumer, event_id, received_us) VALUES ($1, $2, $3) "
                   "ON CONFLICT (consumer, event_id) DO NOTHING",
                   {consumer_, event_id, now_us})
               .affected == 1;
}

bool Inbox::contains(sql::Transaction& transaction, const std::string& event_id) const {
    return !transaction
                .execute("SELECT received_us FROM stoa_inbox WHERE consumer=$1 AND event_id=$2", {consumer_, event_id})
                .rows.empty();
}

std::int64_t Inbox::prune(sql::Transaction& transaction, std::int64_t before_us) const {
    return transaction.execute("DELETE FROM stoa_inbox WHERE consumer=$1 AND received_us<$2", {consumer_, before_us})
        .affected;
}

}  // namespace stoa::host::events
