#include "host/plugin/route_table.h"

#include <cppunit/extensions/HelperMacros.h>

namespace stoa::host::plugin {
namespace {

validate::Route route(std::string operation, std::string method, std::string path) {
    validate::Route made;
    made.operation = std::move(operation);
    made.method = std::move(method);
    made.path = std::move(path);
    return made;
}

class RouteTableTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RouteTableTest);
    CPPUNIT_TEST(aLiteralWinsOverAParameterAndThatOverATail);
    CPPUNIT_TEST(parametersKeepTheirEscapes);
    CPPUNIT_TEST(headFindsTheGetRoute);
    CPPUNIT_TEST(anotherMethodIsToldWhatIsAllowed);
    CPPUNIT_TEST(whatIsNotThereIsNotFound);
    CPPUNIT_TEST_SUITE_END();

    const std::vector<validate::Route> routes_{
        route("list", "GET", "/api/v1/users"),        route("create", "POST", "/api/v1/users"),
        route("me", "GET", "/api/v1/users/me"),       route("get", "GET", "/api/v1/users/{id}"),
        route("part", "GET", "/api/v1/users/{id}/x"), route("rest", "*", "/api/v1/{rest*}"),
    };
    const RouteTable table_{routes_};

    std::string operationOf(std::string_view method, std::string_view path) {
        const auto match = table_.find(method, path);
        return match.route ? match.route->operation : "";
    }

public:
    void aLiteralWinsOverAParameterAndThatOverATail() {
        CPPUNIT_ASSERT_EQUAL(std::string("me"), operationOf("GET", "/api/v1/users/me"));
        CPPUNIT_ASSERT_EQUAL(std::string("get"), operationOf("GET", "/api/v1/users/7"));
        CPPUNIT_ASSERT_EQUAL(std::string("part"), operationOf("GET", "/api/v1/users/me/x"));
        CPPUNIT_ASSERT_EQUAL(std::string("rest"), operationOf("DELETE", "/api/v1/orders/7/lines"));
        CPPUNIT_ASSERT_EQUAL(std::string("rest"), operationOf("GET", "/api/v1/users/7/y"));
    }

    void parametersKeepTheirEscapes() {
        const auto match = table_.find("GET", "/api/v1/users/a%2Fb");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, match.parameters.size());
        CPPUNIT_ASSERT(match.parameters[0].first == "id" && match.parameters[0].second == "a%2Fb");
        const auto tail = table_.find("GET", "/api/v1/orders/7/lines");
        CPPUNIT_ASSERT(tail.parameters[0].first == "rest" && tail.parameters[0].second == "orders/7/lines");
    }

    void headFindsTheGetRoute() { CPPUNIT_ASSERT_EQUAL(std::string("me"), operationOf("HEAD", "/api/v1/users/me")); }

    void anotherMethodIsToldWhatIsAllowed() {
        const auto match = table_.find("DELETE", "/api/v1/users");
        CPPUNIT_ASSERT(!match.route);
        CPPUNIT_ASSERT_EQUAL(std::string("GET, HEAD, POST"), match.allow);
    }

    void whatIsNotThereIsNotFound() {
        for (const char* path : {"/", "", "/api/v1", "/api", "/other/v1/users", "users"}) {
            const auto match = table_.find("GET", path);
            CPPUNIT_ASSERT_MESSAGE(path, !match.route && match.allow.empty());
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RouteTableTest);

}  // namespace
}  // namespace stoa::host::plugin
