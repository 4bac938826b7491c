#include "events.h"

#include <stoa/json.h>

#include "store.h"

namespace user::events {

void raise(User& user) { ++user.event_version; }

void publishProfile(stoa::Transaction& tx, const User& user) {
    Json::Value profile;
    profile["email"] = user.email;
    if (!user.name.empty()) {
        profile["name"] = user.name;
    }
    if (!user.preferences.locale.empty()) {
        profile["locale"] = user.preferences.locale;
    }
    profile["emailNotifications"] = user.preferences.email_notifications;
    Json::Value data;
    data["userId"] = user.id;
    data["profile"] = std::move(profile);
    tx.publish({.topic = "user.profile.updated",
                .aggregate = "user",
                .key = user.id,
                .version = user.event_version,
                .data = std::move(data)});
}

void onRegistered(const stoa::Event& event, stoa::Transaction& tx) {
    User user;
    user.id = event.data["userId"].asString();
    user.email = event.data["email"].asString();
    user.name = stoa::textOr(event.data, "name");
    user.created = user.updated = tx.now();
    raise(user);
    if (store::insert(tx, user)) {
        publishProfile(tx, user);  // so that those who only listen to profiles know every user
    }
}

}  // namespace user::events
