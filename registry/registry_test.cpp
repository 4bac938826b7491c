#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include <cppunit/extensions/HelperMacros.h>

#include "registry/encoding.h"
#include "registry/open.h"
#include "registry/server.h"

namespace stoa::registry {
namespace {

class OpenSealer : public Sealer {
public:
    std::string seal(const Registration& registration) override { return jsonText(toJson(registration)); }
    Registration open(const std::string& sealed) override { return registrationFromJson(readJson(sealed)); }
};

Registration registration(const std::string& id, std::int64_t epoch) {
    Registration one;
    one.host_id = id;
    one.address = "127.0.0.1:1";
    one.epoch = epoch;
    one.services.push_back({"order", "1.0.0", {"orders"}, {}});
    return one;
}

class RegistryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RegistryTest);
    CPPUNIT_TEST(theUrlChoosesTheDriver);
    CPPUNIT_TEST(aWrongUrlIsRefusedWithAdvice);
    CPPUNIT_TEST(theThreadTellsOfAnAnnouncement);
    CPPUNIT_TEST(registrationsSurviveTheirEncoding);
    CPPUNIT_TEST(brokenRegistrationsAreNamed);
    CPPUNIT_TEST(jsonIsReadStrictly);
    CPPUNIT_TEST(anUnchangedListIsNotSentAgain);
    CPPUNIT_TEST(aRepeatedRegistrationCannotUndoAWithdrawal);
    CPPUNIT_TEST(aRegistrationIsNoWithdrawal);
    CPPUNIT_TEST(aServerThatSleptDropsNobody);
    CPPUNIT_TEST(otherRequestsAreRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void theUrlChoosesTheDriver() {
        CPPUNIT_ASSERT_EQUAL(std::string("embedded, this host alone"), describe("embedded:"));
        CPPUNIT_ASSERT_EQUAL(std::string("embedded at 127.0.0.1:7700"), describe("embedded://127.0.0.1:7700"));
        CPPUNIT_ASSERT_EQUAL(std::string("static: 10.0.0.1:1 [::1]:2"), describe("static://10.0.0.1:1,[::1]:2"));
    }

    void aWrongUrlIsRefusedWithAdvice() {
        for (const char* url : {"", "etc", "etcd://e1:2379", "static:", "embedded://host", "embedded://:1",
                                "embedded://h:0", "embedded://h:70000", "embedded://h:1/x", "static://a:1,,b:2"}) {
            try {
                describe(url);
                CPPUNIT_FAIL(std::string("taken: ") + url);
            } catch (const std::runtime_error& error) {
                CPPUNIT_ASSERT(std::string(error.what()).find("use \"embedded:\"") != std::string::npos);
            }
        }
    }

    void theThreadTellsOfAnAnnouncement() {
        const auto registry = openRegistry("embedded:", sealer_, {});
        std::mutex mutex;
        std::condition_variable told;
        std::size_t hosts = 0;
        registry->onChange([&] {
            const std::lock_guard lock(mutex);
            hosts = registry->directory()->hosts.size();
            told.notify_all();
        });
        registry->announce(registration("a", 1));
        std::unique_lock lock(mutex);
        told.wait(lock, [&] { return hosts == 1; });
    }

    void registrationsSurviveTheirEncoding() {
        Registration one = registration("a", 1234567890123456);
        one.services[0].routes.push_back({"GET", "/api/v1/orders/{id}", {"user", "service"}});
        for (const bool more : {true, false}) {
            one.more_to_come = more;
            CPPUNIT_ASSERT(one == registrationFromJson(readJson(jsonText(toJson(one)))));
        }
    }

    void brokenRegistrationsAreNamed() {
        const Json::Value good = toJson(registration("a", 1));
        for (const char* field : {"host_id", "address", "epoch", "more_to_come", "services"}) {
            for (const Json::Value& bad : {Json::Value(), Json::Value(1.5), Json::Value(Json::objectValue)}) {
                Json::Value broken = good;
                broken[field] = bad;
                try {
                    registrationFromJson(broken);
                    CPPUNIT_FAIL(std::string("taken: ") + field);
                } catch (const std::runtime_error& error) {
                    CPPUNIT_ASSERT(std::string(error.what()).find(field) != std::string::npos);
                }
            }
        }
        CPPUNIT_ASSERT_THROW(registrationFromJson(Json::Value("text")), std::runtime_error);
        Json::Value broken = good;
        broken["services"].append("order");
        CPPUNIT_ASSERT_THROW(registrationFromJson(broken), std::runtime_error);
    }

    void jsonIsReadStrictly() {
        for (const std::string& text : {std::string(), std::string("{"), std::string("{}x"), std::string("{a:1}"),
                                        std::string(R"({"a":1,"a":2})"), std::string(200, '[')}) {
            CPPUNIT_ASSERT_THROW_MESSAGE(text, readJson(text), std::runtime_error);
        }
    }

    void anUnchangedListIsNotSentAgain() {
        RegistryServer server = make();
        put(server, registration("a", 1));
        const std::string version = readJson(server.handle("GET", kDirectoryPath, "").body)["version"].asString();
        const std::string again = std::string(kDirectoryPath) + "?since=" + version;
        put(server, registration("a", 1));
        CPPUNIT_ASSERT_EQUAL(304, server.handle("GET", again, "").status);
        put(server, registration("a", 2));
        CPPUNIT_ASSERT_EQUAL(200, server.handle("GET", again, "").status);
    }

    void aRepeatedRegistrationCannotUndoAWithdrawal() {
        RegistryServer server = make();
        const std::string captured = sealer_.seal(registration("a", 1));
        CPPUNIT_ASSERT_EQUAL(200, server.handle("PUT", kHostsPath, captured).status);
        Registration gone = registration("a", 1);
        gone.services.clear();
        CPPUNIT_ASSERT_EQUAL(200, server.handle("DELETE", kHostsPath, sealer_.seal(gone)).status);
        CPPUNIT_ASSERT_EQUAL(409, server.handle("PUT", kHostsPath, captured).status);
        CPPUNIT_ASSERT_EQUAL(200, put(server, registration("a", 2)));
    }

    void aRegistrationIsNoWithdrawal() {
        RegistryServer server = make();
        const std::string captured = sealer_.seal(registration("a", 1));
        server.handle("PUT", kHostsPath, captured);
        CPPUNIT_ASSERT_EQUAL(403, server.handle("DELETE", kHostsPath, captured).status);
        CPPUNIT_ASSERT_EQUAL(1u, hosts(server));
    }

    void aServerThatSleptDropsNobody() {
        RegistryServer server = make();
        put(server, registration("a", 1));
        now_ += 60'000;
        CPPUNIT_ASSERT_EQUAL(1u, hosts(server));
        for (int i = 0; i < 14; ++i) {
            now_ += 500;
            hosts(server);
        }
        CPPUNIT_ASSERT_EQUAL(0u, hosts(server));
    }

    void otherRequestsAreRefused() {
        RegistryServer server = make();
        CPPUNIT_ASSERT_EQUAL(405, server.handle("POST", kHostsPath, "").status);
        CPPUNIT_ASSERT_EQUAL(404, server.handle("GET", "/stoa/v1/registry/other", "").status);
        CPPUNIT_ASSERT_EQUAL(403, server.handle("PUT", kHostsPath, "{}").status);
        CPPUNIT_ASSERT_EQUAL(413, server.handle("PUT", kHostsPath, std::string(300'000, 'x')).status);
    }

private:
    std::string describe(const std::string& url) {
        Options options;
        options.thread = false;
        return openRegistry(url, sealer_, {}, options)->describe();
    }
    RegistryServer make() {
        return RegistryServer(sealer_, std::chrono::seconds(6), [this] { return now_; });
    }
    int put(RegistryServer& server, const Registration& one) {
        return server.handle("PUT", kHostsPath, sealer_.seal(one)).status;
    }
    static unsigned hosts(RegistryServer& server) {
        return readJson(server.handle("GET", kDirectoryPath, "").body)["hosts"].size();
    }

    OpenSealer sealer_;
    std::int64_t now_ = 1000;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RegistryTest);

}  // namespace
}  // namespace stoa::registry
