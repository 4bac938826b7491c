/// The inbox: which events this consumer has dealt with. A row of it is written in the handler's transaction.
#pragma once

#include <cstdint>
#include <string>

#include "host/sql/database.h"

namespace stoa::host::events {

/// Any thread.
class Inbox {
public:
    explicit Inbox(std::string consumer) : consumer_(std::move(consumer)) {}

    /// False: the event was dealt with before.
    bool enter(sql::Transaction& transaction, const std::string& event_id, std::int64_t now_us) const;
    bool contains(sql::Transaction& transaction, const std::string& event_id) const;
    /// How many rows went.
    std::int64_t prune(sql::Transaction& transaction, std::int64_t before_us) const;

private:
    std::string consumer_;
};

}  // namespace stoa::host::events
