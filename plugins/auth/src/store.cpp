#include "store.h"

namespace auth::store {
namespace {

std::vector<std::string> rolesOf(stoa::Transaction& tx, std::string_view user_id) {
    std::vector<std::string> roles;
    for (const stoa::Row& row : tx.query("SELECT role FROM roles WHERE user_id = $1", {user_id})) {
        roles.push_back(row.get<std::string>("role"));
    }
    return normalRoles(std::move(roles));
}

void insertRoles(stoa::Transaction& tx, std::string_view user_id, const std::vector<std::string>& roles) {
    for (const std::string& role : roles) {
        tx.execute("INSERT INTO roles (user_id, role) VALUES ($1, $2)", {user_id, role});
    }
}

std::optional<Account> find(stoa::Transaction& tx, std::string_view condition, std::string_view value) {
    std::optional<Account> account;
    for (const stoa::Row& row :
         tx.query("SELECT user_id, email, password_hash FROM credentials WHERE " + std::string(condition), {value})) {
        account = Account{
            row.get<std::string>("user_id"), row.get<std::string>("email"), row.get<std::string>("password_hash"), {}};
    }
    if (account) {
        account->roles = rolesOf(tx, account->id);
    }
    return account;
}

}  // namespace

bool insert(stoa::Transaction& tx, const Account& account) {
    const std::int64_t inserted = tx.execute(
        "INSERT INTO credentials (user_id, email, password_hash, created_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO "
        "NOTHING",
        {account.id, account.email, account.password_hash, tx.now()});
    if (inserted == 1) {
        insertRoles(tx, account.id, account.roles);
    }
    return inserted == 1;
}

std::optional<Account> findById(stoa::Transaction& tx, std::string_view user_id) {
    return find(tx, "user_id = $1", user_id);
}

std::optional<Account> findByEmail(stoa::Transaction& tx, std::string_view email) {
    return find(tx, "email = $1", email);
}

void setRoles(stoa::Transaction& tx, std::string_view user_id, const std::vector<std::string>& roles) {
    // The account's row is what changes of its roles queue at.
    tx.execute("UPDATE credentials SET created_us = created_us WHERE user_id = $1", {user_id});
    tx.execute("DELETE FROM roles WHERE user_id = $1", {user_id});
    insertRoles(tx, user_id, roles);
}

Attempts attempts(stoa::Transaction& tx, std::string_view address, std::string_view email) {
    for (const stoa::Row& row :
         tx.query("SELECT failures, next_us FROM login_attempts WHERE address = $1 AND email = $2", {address, email})) {
        return {row.get<std::int64_t>("failures"), row.get<stoa::Time>("next_us")};
    }
    return {};
}

bool claimAttempt(stoa::Transaction& tx, std::string_view address, std::string_view email, const Attempts& before,
                  const Attempts& next) {
    return tx.execute(
               "UPDATE login_attempts SET failures = $1, next_us = $2 WHERE address = $3 AND email = $4 AND failures = "
               "$5 AND next_us = $6",
               {next.failures, next.next, address, email, before.failures, before.next}) == 1;
}

void putAttempts(stoa::Transaction& tx, std::string_view address, std::string_view email, const Attempts& attempts) {
    tx.execute(
        "INSERT INTO login_attempts (address, email, failures, next_us) VALUES ($1, $2, $3, $4) ON CONFLICT (address, "
        "email) DO UPDATE SET failures = excluded.failures, next_us = excluded.next_us",
        {address, email, attempts.failures, attempts.next});
}

void forgetAttempts(stoa::Transaction& tx, std::string_view address, std::string_view email) {
    tx.execute("DELETE FROM login_attempts WHERE address = $1 AND email = $2", {address, email});
}

void insertSession(stoa::Transaction& tx, std::string_view session_id, std::string_view user_id) {
    tx.execute(
        "INSERT INTO sessions (session_id, user_id, created_us, refreshed_us, revoked_why) VALUES ($1, $2, $3, $3, '')",
        {session_id, user_id, tx.now()});
}

void lockSession(stoa::Transaction& tx, std::string_view session_id) {
    tx.execute("UPDATE sessions SET refreshed_us = $1 WHERE session_id = $2", {tx.now(), session_id});
}

void revokeSession(stoa::Transaction& tx, std::string_view session_id, std::string_view why) {
    tx.execute("UPDATE sessions SET revoked_us = $1, revoked_why = $2 WHERE session_id = $3 AND revoked_us IS NULL",
               {tx.now(), why, session_id});
    useLiveToken(tx, session_id);
}

std::optional<RefreshToken> findToken(stoa::Transaction& tx, std::string_view hash) {
    for (const stoa::Row& row :
         tx.query("SELECT t.session_id, t.expires_us, t.used_us, s.user_id, s.revoked_us FROM refresh_tokens t JOIN "
                  "sessions s ON s.session_id = t.session_id WHERE t.token_hash = $1",
                  {hash})) {
        return RefreshToken{row.get<std::string>("session_id"), row.get<std::string>("user_id"),
                            row.get<stoa::Time>("expires_us"), row.get<std::optional<stoa::Time>>("used_us"),
                            row.get<std::optional<stoa::Time>>("revoked_us").has_value()};
    }
    return std::nullopt;
}

void insertToken(stoa::Transaction& tx, std::string_view hash, std::string_view session_id, stoa::Time expires) {
    tx.execute("INSERT INTO refresh_tokens (token_hash, session_id, expires_us) VALUES ($1, $2, $3)",
               {hash, session_id, expires});
}

bool useToken(stoa::Transaction& tx, std::string_view hash) {
    return tx.execute(
               "UPDATE refresh_tokens SET used_us = $1 WHERE token_hash = $2 AND used_us IS NULL AND expires_us > $1 "
               "AND EXISTS (SELECT 1 FROM sessions s WHERE s.session_id = refresh_tokens.session_id AND s.revoked_us "
               "IS NULL)",
               {tx.now(), hash}) == 1;
}

void useLiveToken(stoa::Transaction& tx, std::string_view session_id) {
    tx.execute("UPDATE refresh_tokens SET used_us = $1 WHERE session_id = $2 AND used_us IS NULL",
               {tx.now(), session_id});
}

void cleanUp(stoa::Transaction& tx) {
    tx.execute("DELETE FROM refresh_tokens WHERE expires_us < $1", {tx.now()});
    tx.execute(
        "DELETE FROM sessions WHERE NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.session_id = "
        "sessions.session_id)");
    tx.execute("DELETE FROM login_attempts WHERE next_us < $1", {tx.now() - kForgetAfter});
}

}  // namespace auth::store
