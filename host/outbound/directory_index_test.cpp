// Who serves a path, as a gateway asks.

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/outbound/directory_index.h"

namespace stoa::host::outbound {

class DirectoryIndexTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DirectoryIndexTest);
    CPPUNIT_TEST(literalsGoBeforeParametersBeforeTails);
    CPPUNIT_TEST(headIsServedByGet);
    CPPUNIT_TEST(otherMethodsAreNamed);
    CPPUNIT_TEST(serviceRoutesStayHidden);
    CPPUNIT_TEST(theOneWhoAsksDoesNotCount);
    CPPUNIT_TEST(instancesAreListedOnce);
    CPPUNIT_TEST_SUITE_END();

public:
    void literalsGoBeforeParametersBeforeTails() {
        CPPUNIT_ASSERT_EQUAL(std::string{"/api/v1/users/me"}, route("GET", "/api/v1/users/me"));
        CPPUNIT_ASSERT_EQUAL(std::string{"/api/v1/users/{userId}"}, route("GET", "/api/v1/users/42"));
        CPPUNIT_ASSERT_EQUAL(std::string{"/api/v1/users/{userId}/orders"}, route("GET", "/api/v1/users/me/orders"));
        CPPUNIT_ASSERT_EQUAL(std::string{"/api/v1/files/{rest*}"}, route("GET", "/api/v1/files/a/b/c"));
        CPPUNIT_ASSERT_EQUAL(std::string{}, route("GET", "/api/v1/users/42/carts"));
        CPPUNIT_ASSERT_EQUAL(std::string{}, route("GET", "/"));
        CPPUNIT_ASSERT_EQUAL(std::string{}, route("GET", "/api/v1/files"));
    }
    void headIsServedByGet() {
        CPPUNIT_ASSERT_EQUAL(std::string{"/api/v1/users/me"}, route("HEAD", "/api/v1/users/me"));
    }
    void otherMethodsAreNamed() {
        const auto found = index_.find("DELETE", "/api/v1/users/42", "gateway");
        CPPUNIT_ASSERT(!found.found && found.path_known);
        CPPUNIT_ASSERT_EQUAL(std::string{"GET, PUT"}, std::string{found.allow});
    }
    void serviceRoutesStayHidden() {
        const auto hidden = index_.find("GET", "/api/v1/secrets/1", "gateway");
        CPPUNIT_ASSERT(!hidden.found && !hidden.path_known);
        const auto found = index_.find("POST", "/api/v1/secrets/1");
        CPPUNIT_ASSERT(found.found);
        CPPUNIT_ASSERT_EQUAL(std::string{"service"}, std::string{found.auth});
        CPPUNIT_ASSERT_EQUAL(std::string{"user staff"}, std::string{index_.find("PUT", "/api/v1/users/1").auth});
    }
    void theOneWhoAsksDoesNotCount() {
        CPPUNIT_ASSERT_EQUAL(std::string{"gateway"}, std::string{index_.find("PUT", "/api/v1/nothing").service});
        CPPUNIT_ASSERT(!index_.find("PUT", "/api/v1/nothing", "gateway").found);
    }
    void instancesAreListedOnce() {
        CPPUNIT_ASSERT((index_.instances("user") == std::vector<std::string>{"a:1", "b:2"}));
        CPPUNIT_ASSERT(index_.instances("nobody").empty());
        CPPUNIT_ASSERT((index_.services() == std::vector<std::string>{"gateway", "user"}));
    }

private:
    static std::shared_ptr<const registry::Directory> directory() {
        auto made = std::make_shared<registry::Directory>();
        const registry::Service user{"user",
                                     "1.0.0",
                                     {"users"},
                                     {{"GET", "/api/v1/users/{userId}", {"user"}},
                                      {"PUT", "/api/v1/users/{userId}", {"user", "staff"}},
                                      {"GET", "/api/v1/users/me", {"user"}},
                                      {"GET", "/api/v1/users/{userId}/orders", {"user"}},
                                      {"GET", "/api/v1/files/{rest*}", {"public"}},
                                      {"POST", "/api/v1/secrets/{id}", {"service"}}}};
        const registry::Service gateway{"gateway", "1.0.0", {}, {{"*", "/api/v1/{rest*}", {"public"}}}};
        for (const auto* address : {"a:1", "b:2"}) {
            registry::Registration host;
            host.address = address;
            host.services = {user, user};
            made->hosts.push_back(host);
        }
        made->hosts.front().services.push_back(gateway);
        return made;
    }
    std::string route(const std::string& method, const std::string& path) {
        return std::string{index_.find(method, path, "gateway").route};
    }

    DirectoryIndex index_{directory()};
};

CPPUNIT_TEST_SUITE_REGISTRATION(DirectoryIndexTest);

}  // namespace stoa::host::outbound
