#include <stoa/cursor.h>

#include <algorithm>

#include <json/value.h>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/problem.h>

namespace stoa {

namespace {

constexpr std::size_t kMaxCursor = 2048;

}  // namespace

std::string encodeCursor(const std::vector<std::string>& keys) {
    Json::Value list{Json::arrayValue};
    for (const std::string& key : keys) {
        list.append(key);
    }
    return base64Url(writeJson(list));
}

std::vector<std::string> decodeCursor(std::string_view cursor, std::size_t count) {
    std::vector<std::string> keys;
    if (const auto text = cursor.size() <= kMaxCursor ? fromBase64Url(cursor) : std::nullopt) {
        const auto list = parseJson(*text);
        const bool strings = list && list->isArray() && list->size() == count &&
                             std::all_of(list->begin(), list->end(), [](const auto& key) { return key.isString(); });
        for (Json::ArrayIndex i = 0; strings && i < list->size(); ++i) {
            keys.push_back((*list)[i].asString());
        }
    }
    if (keys.size() != count || encodeCursor(keys) != cursor) {
        throw badRequest("bad-cursor", "The cursor is none that this list has given out; begin without one.")
            .field("query:cursor", "is not a cursor of this list");
    }
    return keys;
}

}  // namespace stoa
