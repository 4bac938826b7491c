#include "store.h"

#include <charconv>

namespace product {

namespace {

using stoa::Row;
using stoa::Value;

const char* const kProduct =
    "SELECT p.id, p.sku, p.name, p.description, p.category, p.status, p.amount, p.currency, p.availability, "
    "p.created_us, p.updated_us, p.version FROM products p ";

const char* const kCategory = "SELECT slug, parent, name, path, version FROM categories ";

Product productOf(const Row& row) {
    Product product;
    product.id = row.get<std::string>("id");
    product.is = {
        row.get<std::string>("sku"),         row.get<std::string>("name"),
        row.get<std::string>("description"), row.get<std::optional<std::string>>("category"),
        row.get<std::string>("status"),      {row.get<std::int64_t>("amount"), row.get<std::string>("currency")}};
    product.availability = row.get<std::string>("availability");
    product.created = row.get<stoa::Time>("created_us");
    product.updated = row.get<stoa::Time>("updated_us");
    product.version = row.get<std::int64_t>("version");
    return product;
}

Category categoryOf(const Row& row) {
    return {row.get<std::string>("slug"), row.get<std::optional<std::string>>("parent"), row.get<std::string>("name"),
            row.get<std::string>("path"), row.get<std::int64_t>("version")};
}

/// A statement that grows with its parameters. Texts live as long as the statement, since values are views.
class Statement {
public:
    explicit Statement(std::string text) : text_(std::move(text)) {}

    Statement& add(std::string_view text) {
        text_ += text;
        return *this;
    }
    Statement& bind(const Value& value) {
        values_.push_back(value);
        return add("$" + std::to_string(values_.size()));
    }
    const std::string& text() const { return text_; }
    const std::vector<Value>& values() const { return values_; }

private:
    std::string text_;
    std::vector<Value> values_;
};

/// For LIKE … ESCAPE '!'.
std::string escapeLike(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '!') {
            escaped += '!';
        }
        escaped += c;
    }
    return escaped;
}

struct Order {
    const char* column;
    bool descending;
    bool number;  ///< the column holds integers
};

Order orderOf(const std::string& sort) {
    const bool descending = sort.front() == '-';
    const std::string_view field = std::string_view{sort}.substr(descending ? 1 : 0);
    if (field == "price") {
        return {"p.amount", descending, true};
    }
    return field == "created" ? Order{"p.created_us", descending, true} : Order{"p.name_key", descending, false};
}

std::int64_t toNumber(const std::string& text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

template <class T>
std::optional<T> first(stoa::Rows rows, T (*read)(const Row&)) {
    const Row* row = rows.next();
    return row != nullptr ? std::optional<T>{read(*row)} : std::nullopt;
}

}  // namespace

std::optional<Product> Store::find(std::string_view id) {
    return first(tx_.query(std::string(kProduct) + "WHERE p.id = $1", {id}), productOf);
}

std::optional<Product> Store::findBySku(std::string_view sku) {
    return first(tx_.query(std::string(kProduct) + "WHERE p.sku = $1", {sku}), productOf);
}

std::vector<Product> Store::findAll(const std::vector<std::string>& ids) {
    Statement statement{std::string(kProduct) + "WHERE p.id IN ("};
    for (const std::string& id : ids) {
        statement.add(statement.values().empty() ? "" : ", ").bind(id);
    }
    statement.add(")");
    std::vector<Product> found;
    for (const Row& row : tx_.query(statement.text(), statement.values())) {
        found.push_back(productOf(row));
    }
    return found;
}

std::vector<Product> Store::list(const Filter& filter) {
    const Order order = orderOf(filter.sort);
    const std::string text = filter.text ? "%" + escapeLike(nameKey(*filter.text)) + "%" : "";
    Statement statement{kProduct};
    if (filter.category) {
        statement.add("JOIN categories c ON c.slug = p.category WHERE c.path LIKE '%/' || ").bind(*filter.category);
        statement.add(" || '/%' AND p.status = ").bind(filter.status);
    } else {
        statement.add("WHERE p.status = ").bind(filter.status);
    }
    if (filter.text) {
        statement.add(" AND p.name_key LIKE ").bind(text).add(" ESCAPE '!'");
    }
    if (filter.min_price) {
        statement.add(" AND p.amount >= ").bind(*filter.min_price);
    }
    if (filter.max_price) {
        statement.add(" AND p.amount <= ").bind(*filter.max_price);
    }
    if (filter.after_key) {
        statement.add(" AND (").add(order.column).add(order.descending ? ", p.id) < (" : ", p.id) > (");
        statement.bind(order.number ? Value(toNumber(*filter.after_key)) : Value(*filter.after_key));
        statement.add(", ").bind(filter.after_id).add(")");
    }
    const std::string_view direction = order.descending ? " DESC" : "";
    statement.add(" ORDER BY ").add(order.column).add(direction).add(", p.id").add(direction);
    statement.add(" LIMIT ").bind(filter.limit + 1);

    std::vector<Product> page;
    for (const Row& row : tx_.query(statement.text(), statement.values())) {
        page.push_back(productOf(row));
    }
    return page;
}

std::string Store::sortKey(const Filter& filter, const Product& product) {
    const std::string_view column = orderOf(filter.sort).column;
    if (column == "p.amount") {
        return std::to_string(product.is.price.amount);
    }
    return column == "p.created_us" ? std::to_string(stoa::toMicros(product.created)) : nameKey(product.is.name);
}

bool Store::insert(const Product& product, std::string_view by) {
    const Draft& is = product.is;
    const auto inserted = tx_.execute(
        "INSERT INTO products (id, sku, name, name_key, description, category, status, amount, currency, availability, "
        "stock_version, created_us, updated_us, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, "
        "$13) ON CONFLICT DO NOTHING",
        {product.id, is.sku, is.name, nameKey(is.name), is.description, is.category, is.status, is.price.amount,
         is.price.currency, product.availability, product.created, product.updated, product.version});
    if (inserted == 0) {
        return false;
    }
    tx_.execute(
        "INSERT INTO prices (product_id, version, amount, currency, valid_from_us, changed_by) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {product.id, product.version, is.price.amount, is.price.currency, product.updated, by});
    return true;
}

bool Store::update(const Product& product) {
    const Draft& is = product.is;
    return tx_.execute(
               "UPDATE products SET name = $1, name_key = $2, description = $3, category = $4, status = $5, "
               "updated_us = $6, version = $7 WHERE id = $8 AND version = $9",
               {is.name, nameKey(is.name), is.description, is.category, is.status, product.updated, product.version,
                product.id, product.version - 1}) == 1;
}

bool Store::updatePrice(const Product& product, std::string_view by) {
    const stoa::Money& price = product.is.price;
    const auto updated = tx_.execute(
        "UPDATE products SET amount = $1, currency = $2, updated_us = $3, version = $4 WHERE id = $5 AND version = $6",
        {price.amount, price.currency, product.updated, product.version, product.id, product.version - 1});
    if (updated == 0) {
        return false;
    }
    tx_.execute(
        "INSERT INTO prices (product_id, version, amount, currency, valid_from_us, changed_by) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {product.id, product.version, price.amount, price.currency, product.updated, by});
    return true;
}

std::vector<PriceSince> Store::prices(std::string_view id) {
    std::vector<PriceSince> history;
    for (const Row& row : tx_.query("SELECT amount, currency, valid_from_us, changed_by FROM prices "
                                    "WHERE product_id = $1 ORDER BY version DESC LIMIT 100",
                                    {id})) {
        history.push_back({{row.get<std::int64_t>("amount"), row.get<std::string>("currency")},
                           row.get<stoa::Time>("valid_from_us"),
                           row.get<std::string>("changed_by")});
    }
    return history;
}

bool Store::markAvailability(std::string_view id, std::string_view availability, std::int64_t stock_version) {
    return tx_.execute("UPDATE products SET availability = $1, stock_version = $2 WHERE id = $3 AND stock_version < $4",
                       {availability, stock_version, id, stock_version}) == 1;
}

void Store::clearAvailability(std::string_view id) {
    tx_.execute("UPDATE products SET availability = 'in_stock' WHERE id = $1", {id});
}

std::optional<Category> Store::findCategory(std::string_view slug) {
    return first(tx_.query(std::string(kCategory) + "WHERE slug = $1", {slug}), categoryOf);
}

std::vector<Category> Store::categories() {
    std::vector<Category> all;
    for (const Row& row : tx_.query(std::string(kCategory) + "ORDER BY path LIMIT 10000")) {
        all.push_back(categoryOf(row));
    }
    return all;
}

bool Store::insertCategory(const Category& category) {
    return tx_.execute(
               "INSERT INTO categories (slug, parent, name, path, version) VALUES ($1, $2, $3, $4, $5) "
               "ON CONFLICT DO NOTHING",
               {category.slug, category.parent, category.name, category.path, category.version}) == 1;
}

bool Store::renameCategory(std::string_view slug, std::string_view name, std::int64_t version) {
    return tx_.execute("UPDATE categories SET name = $1, version = version + 1 WHERE slug = $2 AND version = $3",
                       {name, slug, version}) == 1;
}

bool Store::deleteCategory(std::string_view slug) {
    return tx_.execute(
               "DELETE FROM categories WHERE slug = $1 AND NOT EXISTS (SELECT 1 FROM products WHERE category = $2) "
               "AND NOT EXISTS (SELECT 1 FROM categories WHERE parent = $3)",
               {slug, slug, slug}) == 1;
}

}  // namespace product
