/// What a product is, and the rules that need no database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <json/value.h>
#include <tl/expected.hpp>

#include <stoa/money.h>
#include <stoa/time.h>

namespace product {

/// What somebody wants a product to be.
struct Draft {
    std::string sku;
    std::string name;
    std::string description;
    std::optional<std::string> category;  ///< slug
    std::string status = "active";        ///< "draft", "active", "archived"
    stoa::Money price;

    friend bool operator==(const Draft&, const Draft&) = default;
};

struct Product {
    std::string id;
    Draft is;  ///< `is.status` may also be "deleted"
    std::string availability = "in_stock";
    stoa::Time created;
    stoa::Time updated;
    std::int64_t version = 1;

    bool deleted() const { return is.status == "deleted"; }
    /// Customers see active ones; staff and services all that are not deleted.
    bool visibleTo(bool insider) const { return insider ? !deleted() : is.status == "active"; }
};

struct Category {
    std::string slug;
    std::optional<std::string> parent;
    std::string name;
    std::string path;  ///< "/food/bakery/": a category's subtree has its path as prefix
    std::int64_t version = 1;
};

/// What is shown once inventory has reported a low stock.
std::string availabilityOf(std::int64_t stock, std::int64_t threshold);

/// "Fresh Bread" → "fresh bread": what names are found and sorted by. ASCII only; the rest stays as it is.
std::string nameKey(std::string_view name);

/// "fresh-bread" → "Fresh bread": the first name of a category that an import makes.
std::string nameOfSlug(std::string_view slug);

/// A row of an import, with the members of createProduct. The error says which member and why.
tl::expected<Draft, std::string> draftOf(const Json::Value& row, const std::string& currency);

/// Throws Problem 422 "other-currency" unless the price is in the shop's one.
void requireCurrency(const stoa::Money& price, const std::string& currency);

Json::Value toJson(const Product& product);
Json::Value toJson(const Category& category);

}  // namespace product
