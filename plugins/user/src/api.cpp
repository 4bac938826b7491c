#include "api.h"

#include <algorithm>

#include "domain.h"
#include "events.h"
#include "store.h"
#include "views.h"

namespace user {
namespace {

using stoa::Request;
using stoa::Response;
using stoa::Transaction;

/// The caller's own profile. It is made by an event, so it may be a moment late.
User ownProfile(Transaction& tx, const Request& request) {
    const std::string_view id = request.caller().subject;
    if (auto user = store::find(tx, id)) {
        return std::move(*user);
    }
    if (profileMayStillCome(id, tx.now())) {
        throw stoa::unavailable(1, "Your profile is being set up; try again in a moment.");
    }
    throw stoa::conflict("profile-missing", "This account has no profile.");
}

std::vector<Address>::iterator addressIn(std::vector<Address>& addresses, std::string_view id) {
    const auto found =
        std::find_if(addresses.begin(), addresses.end(), [&](const Address& address) { return address.id == id; });
    if (found == addresses.end()) {
        throw stoa::notFound("address");
    }
    return found;
}

/// Settles which address is the default after a change, and counts the change as one of the profile.
void settle(Transaction& tx, User& user, std::vector<Address>& addresses, std::string_view wanted) {
    const std::string chosen = defaultOf(addresses, wanted);
    for (Address& address : addresses) {
        address.is_default = address.id == chosen;
    }
    store::setDefault(tx, user.id, chosen);
    store::update(tx, user);
}

Response profileAnswer(Transaction& tx, const User& user) {
    return Response::json(200, profileView(user, store::addresses(tx, user.id))).etag(user.version);
}

}  // namespace

Response Api::getMe(Request& request) const {
    return host_.sql().read([&](Transaction& tx) { return profileAnswer(tx, ownProfile(tx, request)); });
}

Response Api::changeMe(Request& request) const {
    const Json::Value body = request.json();
    const auto seen = request.ifMatch();
    return request.transact([&](Transaction& tx) {
        User user = ownProfile(tx, request);
        if (seen && *seen != user.version) {
            throw stoa::preconditionFailed("The profile has changed since you read it; read it again.");
        }
        const std::string name = stoa::textOr(body, "name", user.name);
        if (name != user.name) {
            user.name = name;
            events::raise(user);
            store::update(tx, user);
            events::publishProfile(tx, user);
        }
        return profileAnswer(tx, user);
    });
}

Response Api::getUser(Request& request) const {
    const std::string_view id = request.param("userId");
    const stoa::Caller caller = request.caller();
    // Others' profiles are not there at all, so that ids can't be probed.
    if (!mayRead({caller.subject, caller.isStaff(), caller.service}, id)) {
        throw stoa::notFound("user");
    }
    return host_.sql().read([&](Transaction& tx) {
        const auto user = store::find(tx, id);
        if (!user) {
            throw stoa::notFound("user");
        }
        return profileAnswer(tx, *user);
    });
}

Response Api::listAddresses(Request& request) const {
    const auto addresses =
        host_.sql().read([&](Transaction& tx) { return store::addresses(tx, ownProfile(tx, request).id); });
    Json::Value body;
    body["items"] = Json::Value(Json::arrayValue);
    for (const Address& address : addresses) {
        body["items"].append(addressView(address));
    }
    return Response::json(200, body);
}

Response Api::addAddress(Request& request) const {
    const Address address = addressFrom(request.json(), request.resourceId());
    return request.transact([&](Transaction& tx) {
        User user = ownProfile(tx, request);
        auto addresses = store::addresses(tx, user.id);
        if (addresses.size() >= kMostAddresses) {
            throw stoa::conflict("too-many-addresses", "There are 50 addresses already; delete one first.");
        }
        store::insertAddress(tx, user.id, address);
        addresses.push_back(address);
        addresses.back().is_default = false;
        settle(tx, user, addresses, address.is_default ? address.id : "");
        return Response::json(201, addressView(addresses.back())).location("/api/v1/users/me/addresses/" + address.id);
    });
}

Response Api::getAddress(Request& request) const {
    return host_.sql().read([&](Transaction& tx) {
        auto addresses = store::addresses(tx, ownProfile(tx, request).id);
        return Response::json(200, addressView(*addressIn(addresses, request.param("addressId"))));
    });
}

Response Api::replaceAddress(Request& request) const {
    const Address wanted = addressFrom(request.json(), std::string(request.param("addressId")));
    return request.transact([&](Transaction& tx) {
        User user = ownProfile(tx, request);
        auto addresses = store::addresses(tx, user.id);
        const auto place = addressIn(addresses, wanted.id);
        const bool was_default = place->is_default;
        *place = wanted;
        place->is_default = was_default;
        store::updateAddress(tx, wanted);
        settle(tx, user, addresses, wanted.is_default ? wanted.id : "");
        return Response::json(200, addressView(*place));
    });
}

Response Api::deleteAddress(Request& request) const {
    return request.transact([&](Transaction& tx) {
        User user = ownProfile(tx, request);
        auto addresses = store::addresses(tx, user.id);
        const auto place = addressIn(addresses, request.param("addressId"));
        store::removeAddress(tx, place->id);
        addresses.erase(place);
        settle(tx, user, addresses, "");
        return Response{204};
    });
}

Response Api::getPreferences(Request& request) const {
    const User user = host_.sql().read([&](Transaction& tx) { return ownProfile(tx, request); });
    return Response::json(200, preferencesView(user.preferences));
}

Response Api::setPreferences(Request& request) const {
    const Json::Value body = request.json();
    const Preferences wanted{stoa::textOr(body, "locale"), body["emailNotifications"].asBool()};
    return request.transact([&](Transaction& tx) {
        User user = ownProfile(tx, request);
        if (user.preferences != wanted) {
            user.preferences = wanted;
            events::raise(user);
            store::update(tx, user);
            events::publishProfile(tx, user);
        }
        return Response::json(200, preferencesView(user.preferences));
    });
}

}  // namespace user
