#include "views.h"

#include <algorithm>

#include <stoa/json.h>
#include <stoa/problem.h>

namespace user {

Json::Value profileView(const User& user, const std::vector<Address>& addresses) {
    Json::Value view;
    view["userId"] = user.id;
    view["email"] = user.email;
    if (!user.name.empty()) {
        view["name"] = user.name;
    }
    const auto found =
        std::find_if(addresses.begin(), addresses.end(), [](const Address& address) { return address.is_default; });
    if (found != addresses.end()) {
        view["defaultAddress"] = addressView(*found);
    }
    view["version"] = static_cast<Json::Int64>(user.version);
    view["createdAt"] = stoa::formatTime(user.created);
    view["updatedAt"] = stoa::formatTime(user.updated);
    return view;
}

Json::Value addressView(const Address& address) {
    Json::Value view;
    view["addressId"] = address.id;
    view["name"] = address.name;
    view["line1"] = address.line1;
    if (!address.line2.empty()) {
        view["line2"] = address.line2;
    }
    view["postalCode"] = address.postal_code;
    view["city"] = address.city;
    view["country"] = address.country;
    view["isDefault"] = address.is_default;
    return view;
}

Json::Value preferencesView(const Preferences& preferences) {
    Json::Value view;
    if (!preferences.locale.empty()) {
        view["locale"] = preferences.locale;
    }
    view["emailNotifications"] = preferences.email_notifications;
    return view;
}

Address addressFrom(const Json::Value& body, std::string id) {
    Address address;
    address.id = std::move(id);
    address.name = body["name"].asString();
    address.line1 = body["line1"].asString();
    address.line2 = stoa::textOr(body, "line2");
    address.postal_code = body["postalCode"].asString();
    address.city = body["city"].asString();
    address.country = body["country"].asString();
    address.is_default = body.isMember("isDefault") && body["isDefault"].asBool();
    if (!isCountry(address.country)) {
        throw stoa::unprocessable("unknown-country", "There is no country with the code " + address.country + ".")
            .field("/country", "must be a code of ISO 3166-1 alpha-2, such as DE");
    }
    return address;
}

}  // namespace user
