/// Accounts, sessions and failed logins in SQL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace auth::store {

/// False: the address has an account already.
bool insert(stoa::Transaction& tx, const Account& account);
std::optional<Account> findById(stoa::Transaction& tx, std::string_view user_id);
std::optional<Account> findByEmail(stoa::Transaction& tx, std::string_view email);
void setRoles(stoa::Transaction& tx, std::string_view user_id, const std::vector<std::string>& roles);

/// Nothing failed: no failures.
Attempts attempts(stoa::Transaction& tx, std::string_view address, std::string_view email);
/// Writes `next` if it is still `before` that stands there. False: another try was quicker.
bool claimAttempt(stoa::Transaction& tx, std::string_view address, std::string_view email, const Attempts& before,
                  const Attempts& next);
void putAttempts(stoa::Transaction& tx, std::string_view address, std::string_view email, const Attempts& attempts);
void forgetAttempts(stoa::Transaction& tx, std::string_view address, std::string_view email);

void insertSession(stoa::Transaction& tx, std::string_view session_id, std::string_view user_id);
/// Waits for whoever else changes this family of tokens.
void lockSession(stoa::Transaction& tx, std::string_view session_id);
void revokeSession(stoa::Transaction& tx, std::string_view session_id, std::string_view why);

std::optional<RefreshToken> findToken(stoa::Transaction& tx, std::string_view hash);
void insertToken(stoa::Transaction& tx, std::string_view hash, std::string_view session_id, stoa::Time expires);
/// Uses up a live token of a session that is not revoked. False: it is none, any more.
bool useToken(stoa::Transaction& tx, std::string_view hash);
/// Uses up whichever token of the family is live.
void useLiveToken(stoa::Transaction& tx, std::string_view session_id);

/// Drops tokens that expired, sessions that have none left, and failures that are forgotten, before `now`.
void cleanUp(stoa::Transaction& tx);

}  // namespace auth::store
