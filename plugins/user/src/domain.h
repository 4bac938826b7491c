/// Rules of profiles and addresses, without input and output.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/time.h>

namespace user {

inline constexpr std::size_t kMostAddresses = 50;
/// How long after the registration a profile may take to come.
inline constexpr std::chrono::seconds kProfilePatience{30};

struct Address {
    std::string id, name, line1, line2, postal_code, city, country;
    bool is_default = false;
};

struct Preferences {
    std::string locale;  ///< empty: none chosen
    bool email_notifications = true;

    friend bool operator==(const Preferences&, const Preferences&) = default;
};

struct User {
    std::string id;
    std::string email;
    std::string name;  ///< empty: none given
    Preferences preferences;
    std::int64_t version = 1;        ///< of the profile with its addresses
    std::int64_t event_version = 1;  ///< of the last event about this user; the registration is the first
    stoa::Time created;
    stoa::Time updated;
};

/// Who asks for a profile.
struct Reader {
    std::string_view user_id;
    bool staff = false;
    std::string_view service;
};
bool mayRead(const Reader& reader, std::string_view user_id);

/// Id of the address that is the default one: `wanted` if that is not empty, else the present default, else the oldest.
/// Empty when there is none. `addresses` are in the order of their creation.
std::string defaultOf(const std::vector<Address>& addresses, std::string_view wanted);

/// Whether the text is one of the codes of ISO 3166-1 alpha-2.
bool isCountry(std::string_view code);

/// A user id carries the moment of the registration (UUIDv7), whose event may still be on its way.
bool profileMayStillCome(std::string_view user_id, stoa::Time now);

}  // namespace user
