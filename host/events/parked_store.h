/// Rows of stoa_parked: events that wait to be tried again, and all later ones of their keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/events/consumer.h"
#include "host/events/event_log.h"
#include "host/sql/database.h"

namespace stoa::host::events {

/// A row with the record that it keeps.
struct ParkedRow : ParkedEvent {
    Delivery delivery;
};

/// Any thread; each function runs in the transaction it is given.
///
/// The oldest row of a (topic, key) is its head: only heads are tried, when they are due. A try claims the row by
/// moving its due time to the end of a lease; everything that ends the try names that time, so a host that was too
/// slow changes nothing.
class ParkedStore {
public:
    explicit ParkedStore(std::string consumer) : consumer_(std::move(consumer)) {}

    /// Whether an earlier event of the key waits.
    bool blocks(sql::Transaction& transaction, const std::string& topic, const std::string& key) const;
    /// Enters an event into the inbox (inbox.h), unless an earlier one of its key is parked. False: one is, or the
    /// event was dealt with before.
    bool enterInbox(sql::Transaction& transaction, const std::string& event_id, const std::string& topic,
                    const std::string& key, std::int64_t now_us) const;
    /// Puts an event behind those of its key. Once; again is harmless.
    void park(sql::Transaction& transaction, const Delivery& delivery, const std::string& event_id, std::int64_t due_us,
              const std::string& reason, std::int64_t now_us) const;
    std::vector<ParkedRow> dueHeads(sql::Transaction& transaction, std::int64_t now_us, std::size_t limit) const;
    /// When the next head is due; nothing: none waits.
    std::optional<std::int64_t> nextDue(sql::Transaction& transaction) const;

    /// False: somebody else has it.
    bool claim(sql::Transaction& transaction, ParkedRow& row, std::int64_t until_us) const;
    bool finish(sql::Transaction& transaction, const ParkedRow& row) const;
    bool postpone(sql::Transaction& transaction, const ParkedRow& row, std::int64_t due_us,
                  const std::string& reason) const;
    bool hold(sql::Transaction& transaction, const ParkedRow& row, const std::string& reason) const;

    std::vector<ParkedRow> list(sql::Transaction& transaction, std::size_t limit) const;
    /// Rows that wait, and rows that are held.
    std::pair<std::int64_t, std::int64_t> count(sql::Transaction& transaction) const;
    /// Due now, whatever it was; also a held one. False: no such row.
    bool release(sql::Transaction& transaction, std::int64_t position, std::int64_t now_us) const;
    bool discard(sql::Transaction& transaction, std::int64_t position) const;
    /// Makes the event wait for its turn, held or gone as it may be.
    void redrive(sql::Transaction& transaction, const Delivery& delivery, const std::string& event_id,
                 std::int64_t now_us) const;

private:
    std::string consumer_;
};

}  // namespace stoa::host::events
