#include "fields.h"

#include <algorithm>

#include <fmt/format.h>

namespace stoa::validate {
namespace {

const Json::Value kNothing;
const Json::Value kEmptyList(Json::arrayValue);

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({substitute, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::set<std::string>& candidates) {
    std::string best;
    std::size_t best_distance = 4;
    if (word.size() > 64) {
        return best;
    }
    for (const std::string& candidate : candidates) {
        if (const std::size_t here = distance(word, candidate); here < best_distance) {
            best = candidate;
            best_distance = here;
        }
    }
    return best;
}

Fields::Fields(const Json::Value& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.isObject()) {
        throw ManifestError(fmt::format("{} must be an object", place_.empty() ? "the manifest" : place_));
    }
}

void Fields::fail(const char* name, const std::string& why) const {
    throw ManifestError(fmt::format("{}{}{}: {}", place_, place_.empty() ? "" : ".", name, why));
}

const Json::Value* Fields::find(const char* name) {
    known_.insert(name);
    return object_.isMember(name) ? &object_[name] : nullptr;
}

std::string Fields::text(const char* name, std::optional<std::string_view> fallback) {
    const Json::Value* value = find(name);
    if (value == nullptr && fallback) {
        return std::string(*fallback);
    }
    require(value != nullptr, name, "is missing; give a string");
    require(value->isString(), name, "must be a string");
    return value->asString();
}

std::int64_t Fields::integer(const char* name, std::int64_t smallest, std::int64_t largest,
                             std::optional<std::int64_t> fallback) {
    const Json::Value* value = find(name);
    if (value == nullptr && fallback) {
        return *fallback;
    }
    require(value != nullptr, name, "is missing; give a whole number");
    const bool whole = value->type() == Json::intValue || value->type() == Json::uintValue;
    require(whole && value->isInt64() && value->asInt64() >= smallest && value->asInt64() <= largest, name,
            fmt::format("must be a whole number from {} to {}", smallest, largest));
    return value->asInt64();
}

bool Fields::flag(const char* name, bool fallback) {
    const Json::Value* value = find(name);
    require(value == nullptr || value->isBool(), name, "must be true or false");
    return value == nullptr ? fallback : value->asBool();
}

std::vector<std::string> Fields::texts(const char* name) {
    std::vector<std::string> all;
    for (const Json::Value& one : list(name)) {
        require(one.isString(), name, "must be a list of strings");
        all.push_back(one.asString());
    }
    return all;
}

const Json::Value& Fields::list(const char* name) {
    const Json::Value* value = find(name);
    require(value == nullptr || value->isArray(), name, "must be a list");
    return value == nullptr ? kEmptyList : *value;
}

const Json::Value& Fields::value(const char* name) {
    const Json::Value* value = find(name);
    return value == nullptr ? kNothing : *value;
}

void Fields::done() const {
    for (const std::string& name : object_.getMemberNames()) {
        if (known_.count(name) == 0) {
            const std::string known = nearest(name, known_);
            fail(name.c_str(), known.empty() ? "is not known here; remove it"
                                             : fmt::format("is not known here; did you mean \"{}\"?", known));
        }
    }
}

}  // namespace stoa::validate
