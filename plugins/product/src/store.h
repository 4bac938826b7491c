/// All SQL of this service. A Store is a view of one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace product {

/// What a list is asked for.
struct Filter {
    std::optional<std::string> category;  ///< slug; with everything below it
    std::optional<std::string> text;      ///< part of the name
    std::optional<std::int64_t> min_price, max_price;
    std::string status = "active";
    std::string sort = "name";  ///< "name", "price", "created"; with "-" in front: descending
    std::int64_t limit = 20;
    std::optional<std::string> after_key;  ///< sort key of the last row of the page before
    std::string after_id;
};

/// A price and since when it holds.
struct PriceSince {
    stoa::Money price;
    stoa::Time since;
    std::string changed_by;
};

class Store {
public:
    explicit Store(stoa::Transaction& tx) : tx_(tx) {}

    std::optional<Product> find(std::string_view id);
    std::optional<Product> findBySku(std::string_view sku);
    std::vector<Product> findAll(const std::vector<std::string>& ids);
    /// At most `limit` + 1 rows: one more says that there is another page.
    std::vector<Product> list(const Filter& filter);
    /// The key by which `filter.sort` orders the product, as text.
    static std::string sortKey(const Filter& filter, const Product& product);

    /// False when the sku is taken.
    bool insert(const Product& product, std::string_view by);
    /// Writes everything but the price, where the row still has `product.version` - 1. False when it has not.
    bool update(const Product& product);
    /// Writes the price and its history. False as above.
    bool updatePrice(const Product& product, std::string_view by);
    std::vector<PriceSince> prices(std::string_view id);

    /// Shows this availability, unless a report with a higher version was seen. False: nothing to do.
    bool markAvailability(std::string_view id, std::string_view availability, std::int64_t stock_version);
    void clearAvailability(std::string_view id);

    std::optional<Category> findCategory(std::string_view slug);
    std::vector<Category> categories();
    /// False when there is one of this slug.
    bool insertCategory(const Category& category);
    bool renameCategory(std::string_view slug, std::string_view name, std::int64_t version);
    /// False when products or categories still hang on it.
    bool deleteCategory(std::string_view slug);

private:
    stoa::Transaction& tx_;
};

}  // namespace product
