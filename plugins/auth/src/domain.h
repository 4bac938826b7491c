/// Rules of accounts, sessions and failed logins, without input and output.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/time.h>

namespace auth {

struct Account {
    std::string id;
    std::string email;  ///< as `normalEmail` makes it
    std::string password_hash;
    std::vector<std::string> roles;  ///< sorted
};

/// The one spelling that an address is kept and looked up in.
std::string normalEmail(std::string_view email);
/// Why a password is not taken; nothing when it is. Its length was checked before.
std::optional<std::string> weakness(std::string_view password, std::string_view email);

/// Sorted, each once.
std::vector<std::string> normalRoles(std::vector<std::string> roles);
/// As the claim `roles` has them: "customer staff".
std::string rolesClaim(const std::vector<std::string>& roles);
/// An admin may not take the role from himself, so that one is always left.
bool mayGive(std::string_view admin_id, std::string_view user_id, const std::vector<std::string>& roles);

/// Failed logins from one address for one account.
struct Attempts {
    std::int64_t failures = 0;
    stoa::Time next{};  ///< before this no password is looked at
};

/// Failures that are older than the wait they led to, by this much, are forgotten.
inline constexpr std::chrono::hours kForgetAfter{24};

/// Whole seconds to wait before the next try; 0: go ahead.
std::int64_t secondsToWait(const Attempts& attempts, stoa::Time now);
/// One more failure: 2, 4, 8 … seconds until the next try, never more than `cap`.
Attempts afterFailure(const Attempts& attempts, stoa::Time now, std::chrono::seconds cap);

/// A refresh token as the database knows it.
struct RefreshToken {
    std::string session_id;
    std::string user_id;
    stoa::Time expires;
    std::optional<stoa::Time> used;
    bool revoked = false;  ///< its session
};

enum class Fate {
    kRotate,     ///< live: exchange it
    kSupersede,  ///< used a moment ago, the answer may have been lost: exchange it, and use up what it was exchanged
                 ///< for
    kReuse,      ///< used long ago: somebody else may have it; the family ends
    kRefuse      ///< expired or revoked
};
Fate fateOf(const RefreshToken& token, stoa::Time now, std::chrono::seconds grace);

}  // namespace auth
