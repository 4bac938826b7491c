#include "events.h"

#include <utility>

namespace newcomer::events {

void publishCreated(stoa::Transaction& tx, const Entry& entry) {
    Json::Value data;
    data["entryId"] = entry.id;
    data["title"] = entry.title;
    tx.publish({.topic = "newcomer.entry_created",
                .aggregate = "entry",
                .key = entry.id,
                .version = 1,
                .data = std::move(data)});
}

}  // namespace newcomer::events
