#include "domain.h"

#include <algorithm>
#include <array>

#include <stoa/json.h>
#include <stoa/problem.h>

namespace product {

namespace {

constexpr std::int64_t kMaxAmount = 100'000'000;
constexpr std::size_t kMaxSku = 40;
constexpr std::size_t kMaxName = 120;
constexpr std::size_t kMaxDescription = 4000;
constexpr std::size_t kMaxSlug = 60;

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool isSlug(std::string_view text) {
    const bool characters =
        std::all_of(text.begin(), text.end(), [](char c) { return isLower(c) || isDigit(c) || c == '-'; });
    return !text.empty() && text.size() <= kMaxSlug && characters && text.front() != '-' && text.back() != '-' &&
           text.find("--") == std::string_view::npos;
}

bool isSku(std::string_view text) {
    const auto letter = [](char c) { return isLower(c) || isUpper(c) || isDigit(c); };
    return !text.empty() && text.size() <= kMaxSku && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || c == '.' || c == '_' || c == '-'; });
}

/// Characters, not bytes: what maxLength of the schemas counts.
std::size_t length(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

/// Which member of the row is not as it must be; empty when all are.
std::string wrongMember(const Json::Value& row) {
    constexpr std::array<std::string_view, 6> kMembers = {"sku", "name", "description", "category", "status", "price"};
    for (const std::string& member : row.getMemberNames()) {
        if (std::find(kMembers.begin(), kMembers.end(), member) == kMembers.end()) {
            return "there is no member " + member;
        }
        if (member != "price" && !row[member].isString() && !(member == "category" && row[member].isNull())) {
            return member + " must be a string";
        }
    }
    return {};
}

}  // namespace

std::string availabilityOf(std::int64_t stock, std::int64_t threshold) {
    if (stock <= 0) {
        return "out";
    }
    return stock <= threshold ? "low" : "in_stock";
}

std::string nameKey(std::string_view name) {
    std::string key{name};
    std::transform(key.begin(), key.end(), key.begin(),
                   [](char c) { return isUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; });
    return key;
}

std::string nameOfSlug(std::string_view slug) {
    std::string name{slug};
    std::replace(name.begin(), name.end(), '-', ' ');
    if (!name.empty() && isLower(name.front())) {
        name.front() = static_cast<char>(name.front() - 'a' + 'A');
    }
    return name;
}

tl::expected<Draft, std::string> draftOf(const Json::Value& row, const std::string& currency) {
    if (!row.isObject()) {
        return tl::unexpected(std::string("must be an object"));
    }
    if (std::string wrong = wrongMember(row); !wrong.empty()) {
        return tl::unexpected(std::move(wrong));
    }
    Draft draft;
    draft.sku = stoa::textOr(row, "sku");
    draft.name = stoa::textOr(row, "name");
    draft.description = stoa::textOr(row, "description");
    draft.status = stoa::textOr(row, "status", "active");
    if (const std::string category = stoa::textOr(row, "category"); !category.empty()) {
        draft.category = category;
    }
    if (!isSku(draft.sku)) {
        return tl::unexpected(std::string("sku must be 1 to 40 letters, digits, '.', '_' or '-'"));
    }
    if (draft.name.empty() || length(draft.name) > kMaxName) {
        return tl::unexpected(std::string("name must have 1 to 120 characters"));
    }
    if (length(draft.description) > kMaxDescription) {
        return tl::unexpected(std::string("description must have at most 4000 characters"));
    }
    if (draft.category && !isSlug(*draft.category)) {
        return tl::unexpected(std::string("category must be a slug such as fresh-bread"));
    }
    if (draft.status != "draft" && draft.status != "active" && draft.status != "archived") {
        return tl::unexpected(std::string("status must be draft, active or archived"));
    }
    try {
        draft.price = stoa::Money::from(row["price"], "price");
    } catch (const stoa::Problem&) {
        return tl::unexpected(std::string("price must be an amount in minor units and a currency"));
    }
    if (draft.price.amount < 1 || draft.price.amount > kMaxAmount) {
        return tl::unexpected(std::string("the price's amount must be from 1 to 100000000"));
    }
    if (draft.price.currency != currency) {
        return tl::unexpected("the shop's currency is " + currency);
    }
    return draft;
}

void requireCurrency(const stoa::Money& price, const std::string& currency) {
    if (price.currency != currency) {
        throw stoa::unprocessable("other-currency", "The shop's prices are in " + currency + ".")
            .with("currency", currency);
    }
}

Json::Value toJson(const Product& product) {
    Json::Value json;
    json["id"] = product.id;
    json["sku"] = product.is.sku;
    json["name"] = product.is.name;
    json["description"] = product.is.description;
    json["category"] = product.is.category ? Json::Value(*product.is.category) : Json::Value();
    json["status"] = product.is.status;
    json["price"] = product.is.price.json();
    json["availability"] = product.availability;
    json["createdAt"] = stoa::formatTime(product.created);
    json["updatedAt"] = stoa::formatTime(product.updated);
    json["version"] = static_cast<Json::Int64>(product.version);
    return json;
}

Json::Value toJson(const Category& category) {
    Json::Value json;
    json["slug"] = category.slug;
    json["parent"] = category.parent ? Json::Value(*category.parent) : Json::Value();
    json["name"] = category.name;
    json["version"] = static_cast<Json::Int64>(category.version);
    return json;
}

}  // namespace product
