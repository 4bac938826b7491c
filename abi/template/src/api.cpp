#include "api.h"

#include "domain.h"
#include "events.h"
#include "store.h"

namespace newcomer {
namespace {

using stoa::Request;
using stoa::Response;
using stoa::Transaction;

Json::Value view(const Entry& entry) {
    Json::Value body;
    body["id"] = entry.id;
    body["title"] = entry.title;
    body["createdAt"] = stoa::formatTime(entry.created);
    return body;
}

}  // namespace

Response Api::createEntry(Request& request) const {
    // The id is the same again when the client repeats its Idempotency-Key.
    Entry entry{request.resourceId(), tidied(request.json()["title"].asString()), {}};
    if (entry.title.empty()) {
        throw stoa::unprocessable("blank-title", "The title has no word.").field("/title", "needs a word");
    }
    return request.transact([&](Transaction& tx) {  // row, event and answer: one commit
        entry.created = tx.now();
        store::insert(tx, entry);
        events::publishCreated(tx, entry);
        return Response::json(201, view(entry)).location("/api/v1/newcomer/" + entry.id);
    });
}

Response Api::getEntry(Request& request) const {
    const auto entry = host_.sql().read([&](Transaction& tx) { return store::find(tx, request.param("entryId")); });
    if (!entry) {
        throw stoa::notFound("entry");
    }
    return Response::json(200, view(*entry));
}

Response Api::listEntries(Request& request) const {
    const stoa::Page page = request.page();
    const std::string after = page.cursor.empty() ? "" : stoa::decodeCursor(page.cursor, 1)[0];
    // One more than asked for: is there a next page?
    auto entries = host_.sql().read([&](Transaction& tx) { return store::list(tx, after, page.limit + 1); });
    Json::Value body;
    body["items"] = Json::Value(Json::arrayValue);
    if (static_cast<std::int64_t>(entries.size()) > page.limit) {
        entries.pop_back();
        body["nextCursor"] = stoa::encodeCursor({entries.back().id});
    }
    for (const Entry& entry : entries) {
        body["items"].append(view(entry));
    }
    return Response::json(200, body);
}

}  // namespace newcomer
