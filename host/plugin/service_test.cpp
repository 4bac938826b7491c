#include "host/plugin/service.h"

#include <cppunit/extensions/HelperMacros.h>

#include <fstream>

#include <stoa/abi/http.h>
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

class ServiceTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ServiceTest);
    CPPUNIT_TEST(aReplacedGenerationIsUnmapped);
    CPPUNIT_TEST(aGenerationWithWorkInsideIsParkedAndGoesLater);
    CPPUNIT_TEST(aWarmGenerationComesBack);
    CPPUNIT_TEST(aWindowThatIsOverUnloads);
    CPPUNIT_TEST(aCanaryIsPromotedOrWithdrawn);
    CPPUNIT_TEST(aCanaryIsJudgedByWhatBecameOfItsEvents);
    CPPUNIT_TEST(reportsWhatEachGenerationDoes);
    CPPUNIT_TEST(withoutAGenerationEventsAreUnavailable);
    CPPUNIT_TEST_SUITE_END();

    observe::Tracer tracer_{observe::TraceOptions{}};
    testing::Plugins plugins_{STOA_TEST_PLUGIN, std::make_unique<RoutesOnly>()};
    Service service_{"plain_c", {{}, std::chrono::milliseconds{0}}, nullptr, plugins_.clock(), tracer_};

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
        CPPUNIT_ASSERT_EQUAL(1, service_.retireOld(std::chrono::seconds{5}).unloaded);
        CPPUNIT_ASSERT_EQUAL(one, mappings());
        service_.shutDown(std::chrono::seconds{5});
        CPPUNIT_ASSERT_EQUAL(0, mappings());
    }

    void aGenerationWithWorkInsideIsParkedAndGoesLater() {
        service_.publish(plugins_.generation());
        Lease working = service_.slot().enter();
        service_.publish(plugins_.generation());
        CPPUNIT_ASSERT_EQUAL(1, service_.retireOld(std::chrono::milliseconds{0}).parked);
        CPPUNIT_ASSERT_EQUAL(1, service_.parked());
        CPPUNIT_ASSERT_EQUAL(std::string("parked"), service_.report().at(1).state);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, service_.report().at(1).in_flight);
        CPPUNIT_ASSERT_EQUAL(std::string(), working->health());
        working.leave();
        CPPUNIT_ASSERT_EQUAL(1, service_.retireOld(std::chrono::milliseconds{0}).unloaded);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, service_.report().size());
    }

    void aWarmGenerationComesBack() {
        service_.publish(plugins_.generation());
        service_.publish(plugins_.generation(), std::chrono::hours{1});
        CPPUNIT_ASSERT_EQUAL(0, service_.retireOld(std::chrono::milliseconds{0}).unloaded);
        CPPUNIT_ASSERT_EQUAL(std::string("warm"), service_.report().at(1).state);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, service_.warm()->generation);
        CPPUNIT_ASSERT(service_.rollBack());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, service_.active()->generation);
        CPPUNIT_ASSERT(!service_.warm());
        CPPUNIT_ASSERT(!service_.rollBack());
        CPPUNIT_ASSERT_EQUAL(1, service_.retireOld(std::chrono::seconds{5}).unloaded);
        CPPUNIT_ASSERT_EQUAL(std::string(), service_.health());
    }

    void aWindowThatIsOverUnloads() {
        service_.publish(plugins_.generation());
        service_.publish(plugins_.generation(), std::chrono::hours{1});
        service_.endWarm();
        CPPUNIT_ASSERT(!service_.rollBack());
        CPPUNIT_ASSERT_EQUAL(1, service_.retireOld(std::chrono::seconds{5}).unloaded);
        CPPUNIT_ASSERT(!service_.hasFormer());
    }

    void aCanaryIsPromotedOrWithdrawn() {
        service_.publish(plugins_.generation());
        service_.beginCanary(plugins_.generation(), {10'000, false});
        CPPUNIT_ASSERT_EQUAL(std::string("canary"), service_.report().at(1).state);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, service_.slot().enter(Share{"x"})->environment().generation);
        service_.withdrawCanary();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, service_.slot().enter(Share{"x"})->environment().generation);
        CPPUNIT_ASSERT_EQUAL(1, service_.retireOld(std::chrono::seconds{5}).unloaded);
        service_.beginCanary(plugins_.generation(), {100, false});
        service_.promoteCanary(std::chrono::milliseconds{0});
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, service_.active()->generation);
        CPPUNIT_ASSERT(!service_.canary());
        CPPUNIT_ASSERT_EQUAL(1, service_.retireOld(std::chrono::seconds{5}).unloaded);
    }

    void aCanaryIsJudgedByWhatBecameOfItsEvents() {
        service_.publish(plugins_.generation());
        service_.beginCanary(plugins_.generation(), {10'000, true});
        Work work;
        const WorkScope scope(work);
        service_.onEvent("order.created", 0, stoa_event{}, nullptr);  // a try that fails is no event yet
        service_.countEvent(1, false);
        service_.countEvent(2, false);
        service_.countEvent(2, true);
        service_.countEvent(3, true);  // of a version that is gone
        const auto [active, canary] = *service_.compare();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, active.requests);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, active.errors);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, canary.requests);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, canary.errors);
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
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE},
                             service_.onEvent("order.created", 0, stoa_event{}, nullptr));
        service_.publish(plugins_.generation());
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNSUPPORTED},
                             service_.onEvent("order.created", 0, stoa_event{}, nullptr));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNSUPPORTED}, service_.onTimer("none", stoa_firing{}, nullptr));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServiceTest);

}  // namespace
}  // namespace stoa::host::plugin
