#include "api.h"

#include <algorithm>
#include <map>

#include "events.h"
#include "import.h"

namespace product {

namespace {

using stoa::Problem;
using stoa::Request;
using stoa::Response;
using stoa::Transaction;

bool insider(const stoa::Caller& caller) { return caller.isStaff() || !caller.service.empty(); }

std::optional<std::string> textOf(const Request& request, const char* name) {
    const auto value = request.query(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::optional<std::int64_t> numberOf(const Request& request, const char* name) {
    const auto value = textOf(request, name);
    return value ? std::optional<std::int64_t>(std::stoll(*value)) : std::nullopt;  // checked by the host's schema
}

Filter filterOf(const Request& request) {
    const stoa::Page page = request.page();
    Filter filter;
    filter.category = textOf(request, "category");
    filter.text = textOf(request, "text");
    filter.min_price = numberOf(request, "minPrice");
    filter.max_price = numberOf(request, "maxPrice");
    filter.status = textOf(request, "status").value_or("active");
    filter.sort = textOf(request, "sort").value_or("name");
    filter.limit = page.limit;
    if (!page.cursor.empty()) {
        const auto keys = stoa::decodeCursor(page.cursor, 3);
        if (keys[0] != filter.sort) {
            throw stoa::badRequest("bad-cursor", "The cursor is of a list in another order; begin without one.")
                .field("query:cursor", "was given out for sort=" + keys[0]);
        }
        filter.after_key = keys[1];
        filter.after_id = keys[2];
    }
    if (filter.status != "active" && !insider(request.caller())) {
        throw stoa::forbidden("Only staff may list products that are not active.");
    }
    return filter;
}

/// The version that the caller has seen, from If-Match.
std::int64_t seenVersion(const Request& request) {
    const auto version = request.ifMatch();
    if (!version) {
        throw Problem(428, "precondition-required", "If-Match is needed.", "Send the ETag of what you have read.");
    }
    return *version;
}

Problem hasChanged() { return stoa::preconditionFailed("It has changed meanwhile: read it again and repeat."); }

/// The product as the caller has seen it, to be changed.
Product expect(Store& store, std::string_view id, std::int64_t seen) {
    auto product = store.find(id);
    if (!product || product->deleted()) {
        throw stoa::notFound("product");
    }
    if (product->version != seen) {
        throw hasChanged();
    }
    return std::move(*product);
}

void requireCategory(Store& store, const std::optional<std::string>& slug) {
    if (slug && !store.findCategory(*slug)) {
        throw stoa::unprocessable("unknown-category", "There is no category " + *slug + ".")
            .field("/category", "is unknown");
    }
}

Response answer(int status, const Product& product) {
    return Response::json(status, toJson(product)).etag(product.version);
}

}  // namespace

Response Api::listProducts(Request& request) {
    const Filter filter = filterOf(request);
    auto products = host_.sql().read([&](Transaction& tx) { return Store{tx}.list(filter); });
    const bool more = products.size() > static_cast<std::size_t>(filter.limit);
    if (more) {
        products.pop_back();
    }
    Json::Value page;
    page["items"] = Json::Value{Json::arrayValue};
    for (const Product& product : products) {
        page["items"].append(toJson(product));
    }
    if (more) {
        const Product& last = products.back();
        page["nextCursor"] = stoa::encodeCursor({filter.sort, Store::sortKey(filter, last), last.id});
    }
    return Response::json(200, page);
}

Response Api::getProduct(Request& request) {
    const auto product = host_.sql().read([&](Transaction& tx) { return Store{tx}.find(request.param("productId")); });
    if (!product || !product->visibleTo(insider(request.caller()))) {
        throw stoa::notFound("product");
    }
    return answer(200, *product);
}

Response Api::batchGetProducts(Request& request) {
    std::vector<std::string> ids;
    const Json::Value body = request.json();
    for (const Json::Value& id : body["ids"]) {
        ids.push_back(id.asString());
    }
    const auto products = host_.sql().read([&](Transaction& tx) { return Store{tx}.findAll(ids); });
    std::map<std::string, const Product*> visible;
    for (const Product& product : products) {
        if (product.visibleTo(insider(request.caller()))) {
            visible[product.id] = &product;
        }
    }
    Json::Value reply;
    reply["items"] = Json::Value{Json::arrayValue};
    reply["missing"] = Json::Value{Json::arrayValue};
    for (const std::string& id : ids) {
        const auto found = visible.find(id);
        if (found == visible.end()) {
            reply["missing"].append(id);
        } else {
            reply["items"].append(toJson(*found->second));
        }
    }
    return Response::json(200, reply);
}

Response Api::createProduct(Request& request) {
    const Json::Value body = request.json();
    auto draft = draftOf(body, currency_);
    if (!draft) {
        requireCurrency(stoa::Money::from(body["price"], "/price"), currency_);
        throw stoa::badRequest("invalid-body", draft.error());
    }
    Product product;
    product.id = request.resourceId();
    product.is = std::move(*draft);
    return request.transact([&](Transaction& tx) {
        Store store{tx};
        product.created = product.updated = tx.now();
        requireCategory(store, product.is.category);
        if (!store.insert(product, request.caller().subject)) {
            throw stoa::conflict("sku-taken", "There is a product with sku " + product.is.sku + " already.");
        }
        publishCreated(tx, product);
        return answer(201, product).location("/api/v1/products/" + product.id);
    });
}

Response Api::updateProduct(Request& request) {
    const std::int64_t seen = seenVersion(request);
    const Json::Value body = request.json();
    return request.transact([&](Transaction& tx) {
        Store store{tx};
        Product product = expect(store, request.param("productId"), seen);
        const Draft before = product.is;
        product.is.name = stoa::textOr(body, "name", before.name);
        product.is.description = stoa::textOr(body, "description", before.description);
        product.is.status = stoa::textOr(body, "status", before.status);
        if (body.isMember("category")) {
            const Json::Value& category = body["category"];
            product.is.category = category.isNull() ? std::nullopt : std::optional(category.asString());
        }
        if (product.is == before) {
            return answer(200, product);
        }
        requireCategory(store, product.is.category);
        product.updated = tx.now();
        ++product.version;
        if (!store.update(product)) {
            throw hasChanged();
        }
        publishUpdated(tx, product);
        return answer(200, product);
    });
}

Response Api::deleteProduct(Request& request) {
    const std::int64_t seen = seenVersion(request);
    return request.transact([&](Transaction& tx) {
        Store store{tx};
        Product product = expect(store, request.param("productId"), seen);
        product.is.status = "deleted";
        product.updated = tx.now();
        ++product.version;
        if (!store.update(product)) {
            throw hasChanged();
        }
        tx.cancelTimer(kAvailabilityExpiry, product.id);
        publishDeleted(tx, product);
        return Response{204};
    });
}

Response Api::changePrice(Request& request) {
    const std::int64_t seen = seenVersion(request);
    const stoa::Money price = stoa::Money::from(request.json(), "");
    requireCurrency(price, currency_);
    return request.transact([&](Transaction& tx) {
        Store store{tx};
        Product product = expect(store, request.param("productId"), seen);
        const stoa::Money old_price = product.is.price;
        if (price == old_price) {
            return answer(200, product);
        }
        product.is.price = price;
        product.updated = tx.now();
        ++product.version;
        if (!store.updatePrice(product, request.caller().subject)) {
            throw hasChanged();
        }
        publishPriceChanged(tx, product, old_price);
        return answer(200, product);
    });
}

Response Api::listPrices(Request& request) {
    const auto history =
        host_.sql().read([&](Transaction& tx) { return Store{tx}.prices(request.param("productId")); });
    if (history.empty()) {
        throw stoa::notFound("product");
    }
    Json::Value reply;
    std::optional<stoa::Time> until;
    for (const PriceSince& each : history) {
        Json::Value item;
        item["price"] = each.price.json();
        item["validFrom"] = stoa::formatTime(each.since);
        if (until) {
            item["validTo"] = stoa::formatTime(*until);
        }
        item["changedBy"] = each.changed_by;
        until = each.since;
        reply["items"].append(std::move(item));
    }
    return Response::json(200, reply);
}

Response Api::importProducts(Request& request) {
    const bool csv = request.header("Content-Type").value_or("").substr(0, 8) == "text/csv";
    Import import{host_, currency_, std::string(request.caller().subject)};
    return Response::json(200, import.run(request, csv ? Import::Format::kCsv : Import::Format::kJsonLines));
}

Response Api::listCategories(Request&) {
    const auto all = host_.sql().read([&](Transaction& tx) { return Store{tx}.categories(); });
    Json::Value reply;
    reply["items"] = Json::Value{Json::arrayValue};
    for (const Category& category : all) {
        reply["items"].append(toJson(category));
    }
    return Response::json(200, reply);
}

Response Api::createCategory(Request& request) {
    const Json::Value body = request.json();
    Category category;
    category.slug = body["slug"].asString();
    category.name = body["name"].asString();
    if (body.isMember("parent")) {
        category.parent = body["parent"].asString();
    }
    return request.transact([&](Transaction& tx) {
        Store store{tx};
        std::string above = "/";
        if (category.parent) {
            const auto parent = store.findCategory(*category.parent);
            if (!parent) {
                throw stoa::unprocessable("unknown-category", "There is no category " + *category.parent + ".")
                    .field("/parent", "is unknown");
            }
            above = parent->path;
        }
        category.path = above + category.slug + "/";
        if (!store.insertCategory(category)) {
            throw stoa::conflict("category-exists", "There is a category " + category.slug + " already.");
        }
        return Response::json(201, toJson(category)).etag(1).location("/api/v1/categories/" + category.slug);
    });
}

Response Api::renameCategory(Request& request) {
    const std::int64_t seen = seenVersion(request);
    const std::string name = request.json()["name"].asString();
    return request.transact([&](Transaction& tx) {
        Store store{tx};
        auto category = store.findCategory(request.param("slug"));
        if (!category) {
            throw stoa::notFound("category");
        }
        if (!store.renameCategory(category->slug, name, seen)) {
            throw hasChanged();
        }
        category->name = name;
        category->version = seen + 1;
        return Response::json(200, toJson(*category)).etag(category->version);
    });
}

Response Api::deleteCategory(Request& request) {
    return request.transact([&](Transaction& tx) {
        Store store{tx};
        if (!store.findCategory(request.param("slug"))) {
            throw stoa::notFound("category");
        }
        if (!store.deleteCategory(request.param("slug"))) {
            throw stoa::conflict("category-in-use", "Products or categories still belong to it; move them first.");
        }
        return Response{204};
    });
}

}  // namespace product
