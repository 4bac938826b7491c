#include "store.h"

#include <stoa/error.h>

namespace user::store {
namespace {

Address addressOf(const stoa::Row& row) {
    Address address;
    address.id = row.get<std::string>("address_id");
    address.name = row.get<std::string>("name");
    address.line1 = row.get<std::string>("line1");
    address.line2 = row.get<std::string>("line2");
    address.postal_code = row.get<std::string>("postal_code");
    address.city = row.get<std::string>("city");
    address.country = row.get<std::string>("country");
    address.is_default = row.get<bool>("is_default");
    return address;
}

}  // namespace

bool insert(stoa::Transaction& tx, const User& user) {
    return tx.execute(
               "INSERT INTO users (user_id, email, name, locale, email_notifications, version, event_version, "
               "created_us, updated_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
               {user.id, user.email, user.name, user.preferences.locale, user.preferences.email_notifications,
                user.version, user.event_version, user.created, user.updated}) == 1;
}

std::optional<User> find(stoa::Transaction& tx, std::string_view user_id) {
    for (const stoa::Row& row :
         tx.query("SELECT email, name, locale, email_notifications, version, event_version, created_us, updated_us "
                  "FROM users WHERE user_id = $1",
                  {user_id})) {
        User user;
        user.id = user_id;
        user.email = row.get<std::string>("email");
        user.name = row.get<std::string>("name");
        user.preferences = {row.get<std::string>("locale"), row.get<bool>("email_notifications")};
        user.version = row.get<std::int64_t>("version");
        user.event_version = row.get<std::int64_t>("event_version");
        user.created = row.get<stoa::Time>("created_us");
        user.updated = row.get<stoa::Time>("updated_us");
        return user;
    }
    return std::nullopt;
}

void update(stoa::Transaction& tx, User& user) {
    user.updated = tx.now();
    const std::int64_t changed = tx.execute(
        "UPDATE users SET name = $1, locale = $2, email_notifications = $3, event_version = $4, updated_us = $5, "
        "version = version + 1 WHERE user_id = $6 AND version = $7",
        {user.name, user.preferences.locale, user.preferences.email_notifications, user.event_version, user.updated,
         user.id, user.version});
    if (changed != 1) {
        throw stoa::Error(STOA_CONFLICT, "the profile was changed at the same moment");
    }
    ++user.version;
}

std::vector<Address> addresses(stoa::Transaction& tx, std::string_view user_id) {
    std::vector<Address> all;
    for (const stoa::Row& row :
         tx.query("SELECT address_id, name, line1, line2, postal_code, city, country, is_default FROM addresses WHERE "
                  "user_id = $1 ORDER BY created_us, address_id",
                  {user_id})) {
        all.push_back(addressOf(row));
    }
    return all;
}

void insertAddress(stoa::Transaction& tx, std::string_view user_id, const Address& address) {
    tx.execute(
        "INSERT INTO addresses (address_id, user_id, name, line1, line2, postal_code, city, country, is_default, "
        "created_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {address.id, user_id, address.name, address.line1, address.line2, address.postal_code, address.city,
         address.country, false, tx.now()});
}

void updateAddress(stoa::Transaction& tx, const Address& address) {
    tx.execute(
        "UPDATE addresses SET name = $1, line1 = $2, line2 = $3, postal_code = $4, city = $5, country = $6 WHERE "
        "address_id = $7",
        {address.name, address.line1, address.line2, address.postal_code, address.city, address.country, address.id});
}

void removeAddress(stoa::Transaction& tx, std::string_view address_id) {
    tx.execute("DELETE FROM addresses WHERE address_id = $1", {address_id});
}

void setDefault(stoa::Transaction& tx, std::string_view user_id, std::string_view address_id) {
    tx.execute("UPDATE addresses SET is_default = (address_id = $1) WHERE user_id = $2", {address_id, user_id});
}

}  // namespace user::store
