#include "store.h"

namespace newcomer::store {
namespace {

Entry entryOf(const stoa::Row& row) {
    return {row.get<std::string>("entry_id"), row.get<std::string>("title"), row.get<stoa::Time>("created_us")};
}

}  // namespace

void insert(stoa::Transaction& tx, const Entry& entry) {
    tx.execute("INSERT INTO entries (entry_id, title, created_us) VALUES ($1, $2, $3)",
               {entry.id, entry.title, entry.created});
}

std::optional<Entry> find(stoa::Transaction& tx, std::string_view id) {
    for (const stoa::Row& row : tx.query("SELECT entry_id, title, created_us FROM entries WHERE entry_id = $1", {id})) {
        return entryOf(row);
    }
    return std::nullopt;
}

std::vector<Entry> list(stoa::Transaction& tx, std::string_view after, std::int64_t limit) {
    std::vector<Entry> entries;
    for (const stoa::Row& row :
         tx.query("SELECT entry_id, title, created_us FROM entries WHERE entry_id > $1 ORDER BY entry_id LIMIT $2",
                  {after, limit})) {
        entries.push_back(entryOf(row));
    }
    return entries;
}

}  // namespace newcomer::store
