#include "domain.h"

#include <algorithm>

namespace auth {

std::string normalEmail(std::string_view email) {
    std::string normal{email};
    std::transform(normal.begin(), normal.end(), normal.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return normal;
}

std::optional<std::string> weakness(std::string_view password, std::string_view email) {
    const std::string lower = normalEmail(password);
    const std::string address = normalEmail(email);
    if (lower == address || lower == address.substr(0, address.find('@'))) {
        return "must not be the e-mail address";
    }
    if (std::all_of(password.begin(), password.end(), [&](char c) { return c == password.front(); })) {
        return "must not be one character again and again";
    }
    return std::nullopt;
}

std::vector<std::string> normalRoles(std::vector<std::string> roles) {
    std::sort(roles.begin(), roles.end());
    roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
    return roles;
}

std::string rolesClaim(const std::vector<std::string>& roles) {
    std::string claim;
    for (const std::string& role : roles) {
        claim += (claim.empty() ? "" : " ") + role;
    }
    return claim;
}

bool mayGive(std::string_view admin_id, std::string_view user_id, const std::vector<std::string>& roles) {
    return admin_id != user_id || std::find(roles.begin(), roles.end(), "admin") != roles.end();
}

std::int64_t secondsToWait(const Attempts& attempts, stoa::Time now) {
    if (attempts.failures == 0 || now >= attempts.next) {
        return 0;
    }
    return std::chrono::ceil<std::chrono::seconds>(attempts.next - now).count();
}

Attempts afterFailure(const Attempts& attempts, stoa::Time now, std::chrono::seconds cap) {
    constexpr std::int64_t kMostDoublings = 30;
    const bool forgotten = attempts.failures == 0 || now >= attempts.next + kForgetAfter;
    const std::int64_t failures = forgotten ? 1 : attempts.failures + 1;
    const std::chrono::seconds wait{std::int64_t{1} << std::min(failures, kMostDoublings)};
    return {failures, now + std::min(wait, cap)};
}

Fate fateOf(const RefreshToken& token, stoa::Time now, std::chrono::seconds grace) {
    if (token.revoked) {
        return Fate::kRefuse;
    }
    if (token.used) {
        return now < *token.used + grace ? Fate::kSupersede : Fate::kReuse;
    }
    return now < token.expires ? Fate::kRotate : Fate::kRefuse;
}

}  // namespace auth
