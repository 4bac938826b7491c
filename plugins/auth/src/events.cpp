#include "events.h"

namespace auth::events {

void publishRegistered(stoa::Transaction& tx, const Account& account, std::string_view name) {
    Json::Value data;
    data["userId"] = account.id;
    data["email"] = account.email;
    if (!name.empty()) {
        data["name"] = std::string(name);
    }
    tx.publish(
        {.topic = "user.registered", .aggregate = "user", .key = account.id, .version = 1, .data = std::move(data)});
}

}  // namespace auth::events
