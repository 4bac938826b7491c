// What a gateway is told of the fleet, through the table that it has.

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/abi/client.h>

#include "host/outbound/client_capability.h"
#include "host/outbound/test_fleet.h"

namespace stoa::host::outbound {

class ClientCapabilityTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ClientCapabilityTest);
    CPPUNIT_TEST(aRouteIsFound);
    CPPUNIT_TEST(whatIsNotListedIsUnknownUntilTheListIsComplete);
    CPPUNIT_TEST(anInfoWithoutASizeIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        fleet_ = std::make_unique<TestFleet>();
        fleet_->hosts.add("product", 1, {{"GET", "/api/v1/products/{productId}", {"public"}}});
        plugin::Environment environment;
        environment.service = "gateway";
        binding_ = ClientCapability(fleet_->services).bind(environment);
        table_ = static_cast<const stoa_client*>(binding_->table());
        info_.struct_size = sizeof info_;
    }

    void aRouteIsFound() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, resolve("GET", "/api/v1/products/1"));
        CPPUNIT_ASSERT_EQUAL(std::string("product"), std::string(info_.service.data, info_.service.size));
    }

    void whatIsNotListedIsUnknownUntilTheListIsComplete() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, resolve("GET", "/api/v1/orders"));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0}, info_.path_known);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, resolve("POST", "/api/v1/products/1"));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, info_.path_known);
        fleet_->hosts.setComplete(true);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, resolve("GET", "/api/v1/orders"));
    }

    void anInfoWithoutASizeIsRefused() {
        info_.struct_size = 0;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, resolve("GET", "/api/v1/products/1"));
    }

private:
    stoa_status resolve(std::string_view method, std::string_view path) {
        return table_->resolve(table_, {method.data(), method.size()}, {path.data(), path.size()}, &info_);
    }

    std::unique_ptr<TestFleet> fleet_;
    std::unique_ptr<plugin::Binding> binding_;
    const stoa_client* table_ = nullptr;
    stoa_route_info info_{};
};

CPPUNIT_TEST_SUITE_REGISTRATION(ClientCapabilityTest);

}  // namespace stoa::host::outbound
