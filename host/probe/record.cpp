#include "host/probe/record.h"

#include <array>
#include <utility>

#include <stoa/json.h>

namespace stoa::host::probe {
namespace {

constexpr std::array<std::pair<Record::Kind, const char*>, 6> kNames{{
    {Record::Kind::kSaid, "said"},
    {Record::Kind::kStage, "stage"},
    {Record::Kind::kLog, "log"},
    {Record::Kind::kFailed, "failed"},
    {Record::Kind::kNote, "note"},
    {Record::Kind::kDone, "done"},
}};
constexpr std::size_t kLongestLine = 4096;
constexpr std::size_t kLongestText = 3000;

}  // namespace

std::string writeRecord(Record::Kind kind, std::string_view text) {
    const char* name = "log";
    for (const auto& [each, its_name] : kNames) {
        name = each == kind ? its_name : name;
    }
    const auto line = [name](std::string_view shown) {
        Json::Value json{Json::objectValue};
        json[name] = std::string(shown);
        return writeJson(json) + '\n';
    };
    std::string whole = line(text.substr(0, kLongestText));
    // Control characters become six each.
    return whole.size() <= kLongestLine ? whole : line(text.substr(0, kLongestLine / 8));
}

std::optional<Record> readRecord(std::string_view line) {
    const auto json = parseJson(line);
    if (!json || !json->isObject()) {
        return std::nullopt;
    }
    for (const auto& [kind, name] : kNames) {
        if (json->isMember(name) && (*json)[name].isString()) {
            return Record{kind, (*json)[name].asString()};
        }
    }
    return std::nullopt;
}

}  // namespace stoa::host::probe
