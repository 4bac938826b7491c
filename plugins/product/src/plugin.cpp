// Wiring: which function serves which route, event and timer of the manifest.

#include <stoa/plugin.h>

#include "api.h"
#include "events.h"

namespace product {

class Service final : public stoa::Plugin {
public:
    explicit Service(stoa::Host& host)
        : Plugin(host), api_(host), hours_(host.config()["availabilityHours"].asInt64()) {
        serve("listProducts", &Api::listProducts);
        serve("getProduct", &Api::getProduct);
        serve("batchGetProducts", &Api::batchGetProducts);
        serve("createProduct", &Api::createProduct);
        serve("updateProduct", &Api::updateProduct);
        serve("deleteProduct", &Api::deleteProduct);
        serve("changePrice", &Api::changePrice);
        serve("listPrices", &Api::listPrices);
        serve("importProducts", &Api::importProducts);
        serve("listCategories", &Api::listCategories);
        serve("createCategory", &Api::createCategory);
        serve("renameCategory", &Api::renameCategory);
        serve("deleteCategory", &Api::deleteCategory);

        on("inventory.low_stock",
           [this](const stoa::Event& event, stoa::Transaction& tx) { onLowStock(event, tx, hours_); });
        timer(kAvailabilityExpiry, onAvailabilityExpiry);
    }

private:
    void serve(const char* operation, stoa::Response (Api::*handler)(stoa::Request&)) {
        route(operation, [this, handler](stoa::Request& request) { return (api_.*handler)(request); });
    }

    Api api_;
    std::chrono::hours hours_;
};

}  // namespace product

STOA_PLUGIN(product::Service)
