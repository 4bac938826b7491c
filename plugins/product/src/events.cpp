#include "events.h"

#include "store.h"

namespace product {

namespace {

void publish(stoa::Transaction& tx, const char* topic, const Product& product, Json::Value data) {
    data["productId"] = product.id;
    data["version"] = static_cast<Json::Int64>(product.version);
    tx.publish({.topic = topic,
                .aggregate = "product",
                .key = product.id,
                .version = product.version,
                .data = std::move(data)});
}

Json::Value asItIs(const Product& product) {
    Json::Value data;
    data["sku"] = product.is.sku;
    data["name"] = product.is.name;
    data["category"] = product.is.category ? Json::Value(*product.is.category) : Json::Value();
    data["status"] = product.is.status;
    data["price"] = product.is.price.json();
    return data;
}

}  // namespace

void publishCreated(stoa::Transaction& tx, const Product& product) {
    publish(tx, "product.created", product, asItIs(product));
}

void publishUpdated(stoa::Transaction& tx, const Product& product) {
    publish(tx, "product.updated", product, asItIs(product));
}

void publishPriceChanged(stoa::Transaction& tx, const Product& product, const stoa::Money& old_price) {
    Json::Value data;
    data["oldPrice"] = old_price.json();
    data["newPrice"] = product.is.price.json();
    publish(tx, "product.price_changed", product, std::move(data));
}

void publishDeleted(stoa::Transaction& tx, const Product& product) { publish(tx, "product.deleted", product, {}); }

void onLowStock(const stoa::Event& event, stoa::Transaction& tx, std::chrono::hours hours) {
    const std::string id = event.data["productId"].asString();
    const std::string availability =
        availabilityOf(event.data["currentStock"].asInt64(), event.data["threshold"].asInt64());
    if (!Store{tx}.markAvailability(id, availability, event.version)) {
        return;
    }
    if (availability == "in_stock") {
        tx.cancelTimer(kAvailabilityExpiry, id);
    } else {
        tx.setTimer(kAvailabilityExpiry, id, tx.now() + hours);
    }
}

void onAvailabilityExpiry(const stoa::Firing& firing, stoa::Transaction& tx) {
    Store{tx}.clearAvailability(firing.key);
}

}  // namespace product
