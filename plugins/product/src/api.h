/// The routes, by the operation ids of openapi.yaml.
#pragma once

#include <stoa/plugin.h>

#include "store.h"

namespace product {

class Api {
public:
    explicit Api(stoa::Host& host) : host_(host), currency_(host.config()["currency"].asString()) {}

    stoa::Response listProducts(stoa::Request& request);
    stoa::Response getProduct(stoa::Request& request);
    stoa::Response batchGetProducts(stoa::Request& request);
    stoa::Response createProduct(stoa::Request& request);
    stoa::Response updateProduct(stoa::Request& request);
    stoa::Response deleteProduct(stoa::Request& request);
    stoa::Response changePrice(stoa::Request& request);
    stoa::Response listPrices(stoa::Request& request);
    stoa::Response importProducts(stoa::Request& request);

    stoa::Response listCategories(stoa::Request& request);
    stoa::Response createCategory(stoa::Request& request);
    stoa::Response renameCategory(stoa::Request& request);
    stoa::Response deleteCategory(stoa::Request& request);

private:
    stoa::Host& host_;
    std::string currency_;
};

}  // namespace product
