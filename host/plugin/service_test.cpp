#include "host/plugin/service.h"

#include <cppunit/extensions/HelperMacros.h>

#include <fstream>

#include <stoa/abi/draft/http.h>
#include <stoa/error.h>

#include "host/events/plugin_events.h"
#include "host/observe/trace.h"
#include "host/plugin/testing.h"
#include "host/timer/timer_service.h"

namespace stoa::host::plugin {
namespace {

namespace fs = std::filesystem;

/// stoa.http/1 as far as `create` needs it.
class RoutesOnly final : public Capability {
public:
    std::string_view id() const override { return STOA_HTTP_ID; }
    std::unique_ptr<Binding> bind(const Environment&) override {
        struct Table final : Binding {
            Table() {
                http.struct_size = sizeof http;
                http.route = [](const stoa_http*, stoa_str operation, uint32_t* index) -> stoa_status {
                    *index = text(operation) == "echo" ? 0 : 1;
                    return STOA_OK;
                };
            }
            const void* table() const override { return &http; }
            stoa_http http{};
        };
        return std::make_unique<Table>();
    }
};

std::string fileWith(const fs::path& directory, const std::string& name, const std::string& content) {
    std::ofstream(directory / name, std::ios::binary) << content;
    return (directory / name).native();
}

class ServiceTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ServiceTest);
    CPPUNIT_TEST(aReplacedGenerationIsUnmapped);
    CPPUNIT_TEST(aGenerationWithWorkInsideIsParkedAndGoesLater);
    CPPUNIT_TEST(reportsWhatEachGenerationDoes);
    CPPUNIT_TEST(withoutAGenerationEventsAreUnavailable);
    CPPUNIT_TEST_SUITE_END();

    observe::Tracer tracer_{observe::TraceOptions{}};
    testing::Plugins plugins_{STOA_TEST_PLUGIN, std::make_unique<RoutesOnly>()};
    Service service_{"plain_c", {}, nullptr, plugins_.clock(), tracer_};

    static int mappings() {
        std::ifstream maps("/proc/self/maps");
        int count = 0;
        for (std::string line; std::getline(maps, line);) {
            count += line.find("plain_c.") != std::string::npos ? 1 : 0;
        }
        return count;
    }

public:
    void tearDown() override { service_.shutDown(std::chrono::milliseconds{0}); }

    void aReplacedGenerationIsUnmapped() {
        service_.publish(plugins_.generation());
        const int one = mappings();
        service_.publish(plugins_.generation());
        CPPUNIT_ASSERT_EQUAL(2 * one, mappings());
        CPPUNIT_ASSERT(service_.retireOld(std::chrono::seconds{5}));
        CPPUNIT_ASSERT_EQUAL(one, mappings());
        service_.shutDown(std::chrono::seconds{5});
        CPPUNIT_ASSERT_EQUAL(0, mappings());
    }

    void aGenerationWithWorkInsideIsParkedAndGoesLater() {
        service_.publish(plugins_.generation());
        Lease working = service_.slot().enter();
        service_.publish(plugins_.generation());
        CPPUNIT_ASSERT(!service_.retireOld(std::chrono::milliseconds{0}));
        CPPUNIT_ASSERT_EQUAL(std::string("parked"), service_.report().at(1).state);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, service_.report().at(1).in_flight);
        CPPUNIT_ASSERT_EQUAL(std::string(), working->health());
        working.leave();
        CPPUNIT_ASSERT(service_.retireOld(std::chrono::milliseconds{0}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, service_.report().size());
    }

    void reportsWhatEachGenerationDoes() {
        CPPUNIT_ASSERT(service_.report().empty());
        CPPUNIT_ASSERT(!service_.health().empty());
        service_.publish(plugins_.generation());
        const auto row = service_.report().at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("plain_c"), row.name);
        CPPUNIT_ASSERT_EQUAL(std::string("active"), row.state);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, row.generation);
        CPPUNIT_ASSERT_EQUAL(std::string(), service_.health());
    }

    void withoutAGenerationEventsAreUnavailable() {
        Work work;
        const WorkScope scope(work);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, service_.onEvent("order.created", stoa_event{}, nullptr));
        service_.publish(plugins_.generation());
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNSUPPORTED}, service_.onEvent("order.created", stoa_event{}, nullptr));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNSUPPORTED}, service_.onTimer("none", stoa_firing{}, nullptr));
    }
};

class StoreTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StoreTest);
    CPPUNIT_TEST(stagingTwiceGivesTheSameFile);
    CPPUNIT_TEST(refusesWhatIsNoPlugin);
    CPPUNIT_TEST(aDamagedFileInTheStoreIsNotLoaded);
    CPPUNIT_TEST(findsByNameVersionAndHash);
    CPPUNIT_TEST(recordsSurviveAndDamagedOnesAreSaid);
    CPPUNIT_TEST_SUITE_END();

    testing::Directory directory_;

    stoa_status statusOf(const std::string& file) {
        try {
            Store(directory_.path()).stage(file);
        } catch (const Error& refusal) {
            return refusal.status();
        }
        return STOA_OK;
    }

public:
    void stagingTwiceGivesTheSameFile() {
        Store store(directory_.path());
        const Staged first = store.stage(STOA_TEST_PLUGIN);
        const Staged second = store.stage(STOA_TEST_PLUGIN);
        CPPUNIT_ASSERT_EQUAL(first.file.native(), second.file.native());
        CPPUNIT_ASSERT_EQUAL(hashOf(STOA_TEST_PLUGIN), first.sha256);
        CPPUNIT_ASSERT(first.file.native().find("/plain_c/1.0.0+" + first.sha256.substr(0, 12)) != std::string::npos);
    }

    void refusesWhatIsNoPlugin() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, statusOf(directory_.path() / "missing.so"));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOf(fileWith(directory_.path(), "text.so", "hello")));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOf("/proc/self/exe"));
    }

    void aDamagedFileInTheStoreIsNotLoaded() {
        Store store(directory_.path());
        const Staged staged = store.stage(STOA_TEST_PLUGIN);
        fs::permissions(staged.file, fs::perms::owner_all);
        std::ofstream(staged.file, std::ios::app) << "x";
        CPPUNIT_ASSERT_THROW(store.copyFor(staged, 1), Error);
        CPPUNIT_ASSERT_THROW(store.stage(STOA_TEST_PLUGIN), Error);
    }

    void findsByNameVersionAndHash() {
        Store store(directory_.path());
        const Staged staged = store.stage(STOA_TEST_PLUGIN);
        CPPUNIT_ASSERT_EQUAL(staged.file.native(), store.find("plain_c", "1.0.0", staged.sha256).file.native());
        CPPUNIT_ASSERT_THROW(store.find("plain_c", "1.0.1", staged.sha256), Error);
    }

    void recordsSurviveAndDamagedOnesAreSaid() {
        const Records records(directory_.path());
        CPPUNIT_ASSERT(!records.read("order"));
        records.write("order", {"1.2.0", "abc", "def", "1.1.0+123", "upgrade", 42});
        const auto record = Records(directory_.path()).read("order");
        CPPUNIT_ASSERT_EQUAL(std::string("1.2.0"), record->version);
        CPPUNIT_ASSERT_EQUAL(std::string("def"), record->source_sha256);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{42}, record->at_us);
        fileWith(directory_.path() / "plugins/order", "active.json", "{");
        CPPUNIT_ASSERT_THROW(records.read("order"), Error);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServiceTest);
CPPUNIT_TEST_SUITE_REGISTRATION(StoreTest);

}  // namespace
}  // namespace stoa::host::plugin
