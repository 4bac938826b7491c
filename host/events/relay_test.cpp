#include "host/events/relay.h"

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/work.h"
#include "host/events/test_support.h"

namespace stoa::host::events {
namespace {

using std::chrono::milliseconds;
using test::eventually;
using test::Stage;

constexpr const char* kRows = "SELECT count(*) FROM stoa_outbox";

}  // namespace

class RelayTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RelayTest);
    CPPUNIT_TEST(eventsArriveInOrderPerAggregate);
    CPPUNIT_TEST(anEventIsACloudEventInBinaryMode);
    CPPUNIT_TEST(whatIsRolledBackIsNotPublished);
    CPPUNIT_TEST(aRowStaysUntilItIsAcknowledged);
    CPPUNIT_TEST(nothingIsLostWhileTheLogIsDown);
    CPPUNIT_TEST(aKeyThatIsStuckHoldsBackOnlyItself);
    CPPUNIT_TEST(aBacklogOfManyBatchesIsPublished);
    CPPUNIT_TEST(theShardsOfADeadHostAreTakenOver);
    CPPUNIT_TEST(aRestartedHostTakesItsOwnLeasesBackAtOnce);
    CPPUNIT_TEST(activeHostsShareTheShardsEvenly);
    CPPUNIT_TEST(hostsThatWakeAtOnceNeedNoSecondTry);
    CPPUNIT_TEST(whoLostALeaseDeletesNothing);
    CPPUNIT_TEST(theOwnerOfAShardIsWokenForRowsOfAnotherHost);
    CPPUNIT_TEST(shardsThatAreGivenBackAreTakenAtOnce);
    CPPUNIT_TEST(anIdleRelayLetsItsLeasesLapse);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        stage_ = std::make_unique<Stage>();
        const std::vector<TopicSpec> topics{{"t", 4}};
        stage_->embedded->ensureTopics(topics);
    }
    void tearDown() override {
        relay_.reset();
        stage_.reset();
    }

    void eventsArriveInOrderPerAggregate() {
        start();
        for (int version = 1; version <= 20; ++version) {
            write({{"a", version}, {"b", version}, {"c", version}});
        }
        CPPUNIT_ASSERT(eventually([&] { return stage_->recordsOf("t").size() == 60; }));
        CPPUNIT_ASSERT(eventually([&] { return stage_->count(kRows) == 0; }));
        for (const std::string key : {"a", "b", "c"}) {
            int expected = 0;
            for (const Delivery& delivery : stage_->recordsOf("t")) {
                if (delivery.record.key == key) {
                    CPPUNIT_ASSERT_EQUAL(std::to_string(++expected), delivery.record.value);
                }
            }
        }
    }

    void anEventIsACloudEventInBinaryMode() {
        Work work;
        work.correlation_id = "correlation-1";
        work.trace_id = "0af7651916cd43dd8448eb211c80319c";
        work.span_id = "b7ad6b7169203331";
        std::string id;
        {
            const WorkScope scope(work);
            stage_->database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
                id = writer().append(transaction, event("key-1", 7));
            });
        }
        start();
        CPPUNIT_ASSERT(eventually([&] { return stage_->recordsOf("t").size() == 1; }));
        const Delivery delivery = stage_->recordsOf("t")[0];
        const auto value = [&](const char* name) { return std::string{header(delivery.record, name)}; };
        CPPUNIT_ASSERT_EQUAL(std::string{"1.0"}, value("ce_specversion"));
        CPPUNIT_ASSERT_EQUAL(id, value("ce_id"));
        CPPUNIT_ASSERT_EQUAL(std::string{"order"}, value("ce_source"));
        CPPUNIT_ASSERT_EQUAL(std::string{"t"}, value("ce_type"));
        CPPUNIT_ASSERT_EQUAL(std::string{"key-1"}, value("ce_subject"));
        CPPUNIT_ASSERT_EQUAL(std::string{"application/json"}, value("content-type"));
        CPPUNIT_ASSERT_EQUAL(std::string{"7"}, value("ce_aggregateversion"));
        CPPUNIT_ASSERT_EQUAL(std::string{"thing"}, value("ce_aggregatetype"));
        CPPUNIT_ASSERT_EQUAL(std::string{"correlation-1"}, value("ce_correlationid"));
        CPPUNIT_ASSERT_EQUAL(std::string{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                             value("ce_traceparent"));
        const auto read = readCloudEvent(delivery);
        CPPUNIT_ASSERT(read.has_value());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{7}, read->aggregate_version);
        CPPUNIT_ASSERT_EQUAL(id, read->id);
        CPPUNIT_ASSERT_EQUAL(std::string{"correlation-1"}, read->correlation_id);
    }

    void whatIsRolledBackIsNotPublished() {
        start();
        {
            const auto transaction = stage_->database.begin(sql::Mode::kWrite, {});
            writer().append(*transaction, event("a", 1));
        }
        write({{"b", 1}});
        CPPUNIT_ASSERT(relay_->flush(soon()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, stage_->recordsOf("t").size());
        CPPUNIT_ASSERT_EQUAL(std::string{"b"}, stage_->recordsOf("t")[0].record.key);
    }

    void aRowStaysUntilItIsAcknowledged() {
        start();
        stage_->log.down = true;
        write({{"a", 1}});
        CPPUNIT_ASSERT(eventually([&] { return stage_->log.publishes >= 2; }));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, stage_->count(kRows));
        CPPUNIT_ASSERT(!relay_->status().problem.empty());
        CPPUNIT_ASSERT(relay_->status().failures >= 1);
        CPPUNIT_ASSERT(eventually([&] { return relay_->status().oldest_age_seconds > 0; }));
        stage_->log.down = false;
        CPPUNIT_ASSERT(eventually([&] { return stage_->count(kRows) == 0; }));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, stage_->recordsOf("t").size());
        CPPUNIT_ASSERT(eventually([&] { return relay_->status().problem.empty(); }));
    }

    void nothingIsLostWhileTheLogIsDown() {
        stage_->log.down = true;
        start();
        for (int version = 1; version <= 30; ++version) {
            write({{"k" + std::to_string(version % 7), version}});
        }
        CPPUNIT_ASSERT(!relay_->flush(std::chrono::steady_clock::now() + milliseconds{20}));
        stage_->log.down = false;
        CPPUNIT_ASSERT(relay_->flush(soon()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{30}, stage_->recordsOf("t").size());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, stage_->count(kRows));
    }

    void aKeyThatIsStuckHoldsBackOnlyItself() {
        stage_->log.refuse("stuck");
        options_.batch = 2;
        for (int version = 1; version <= 5; ++version) {
            write({{"stuck", version}});
        }
        for (int version = 1; version <= 5; ++version) {
            write({{"free", version}});
        }
        start();
        CPPUNIT_ASSERT(eventually([&] { return stage_->count(kRows) == 5; }));
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, stage_->recordsOf("t").size());
        stage_->log.refuseNothing();
        CPPUNIT_ASSERT(eventually([&] { return stage_->count(kRows) == 0; }));
        int expected = 0;
        for (const Delivery& delivery : stage_->recordsOf("t")) {
            if (delivery.record.key == "stuck") {
                CPPUNIT_ASSERT_EQUAL(std::to_string(++expected), delivery.record.value);
            }
        }
        CPPUNIT_ASSERT_EQUAL(5, expected);
    }

    void aBacklogOfManyBatchesIsPublished() {
        options_.batch = 10;
        options_.renew = milliseconds{1};  // also renews in the middle
        std::vector<std::pair<std::string, int>> many;
        for (int i = 1; i <= 205; ++i) {
            many.emplace_back("k" + std::to_string(i), 1);
        }
        write(many);
        start();
        CPPUNIT_ASSERT(relay_->flush(soon()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{205}, stage_->recordsOf("t").size());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, stage_->count(kRows));
    }

    void theShardsOfADeadHostAreTakenOver() {
        OutboxStore dead(stage_->database, "host-b", milliseconds{400});
        dead.renewLeases();
        CPPUNIT_ASSERT_EQUAL(16, dead.shards());
        write({{"a", 1}, {"b", 1}, {"c", 1}});
        options_.lease = milliseconds{400};
        options_.renew = milliseconds{100};
        start();
        CPPUNIT_ASSERT(eventually([&] { return stage_->count(kRows) == 0; }));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, stage_->recordsOf("t").size());
    }

    void aRestartedHostTakesItsOwnLeasesBackAtOnce() {
        OutboxStore before(stage_->database, "host-a", std::chrono::hours{1});
        before.renewLeases();
        write({{"a", 1}});
        const std::vector<OutboxRow> rows = before.load(0, 10);
        OutboxStore after(stage_->database, "host-a", std::chrono::hours{1});
        after.renewLeases();
        CPPUNIT_ASSERT_EQUAL(16, after.shards());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, after.load(0, 10).size());
        CPPUNIT_ASSERT_EQUAL(rows[0].epoch + 1, after.load(0, 10)[0].epoch);
    }

    void activeHostsShareTheShardsEvenly() {
        OutboxStore one(stage_->database, "host-a", std::chrono::hours{1});
        OutboxStore two(stage_->database, "host-b", std::chrono::hours{1});
        one.renewLeases();
        CPPUNIT_ASSERT_EQUAL(16, one.shards());
        two.renewLeases();
        one.renewLeases();
        two.renewLeases();
        CPPUNIT_ASSERT_EQUAL(8, one.shards());
        CPPUNIT_ASSERT_EQUAL(8, two.shards());
        two.giveBack();
        one.renewLeases();
        CPPUNIT_ASSERT_EQUAL(16, one.shards());
    }

    void hostsThatWakeAtOnceNeedNoSecondTry() {
        constexpr milliseconds kLease{20};
        OutboxStore one(stage_->database, "host-a", kLease);
        OutboxStore two(stage_->database, "host-b", kLease);
        for (int round = 0; round < 20; ++round) {
            for (OutboxStore* store : {&one, &two, &one, &two}) {
                store->renewLeases();
            }
            // All have lapsed: each would take the other's.
            CPPUNIT_ASSERT(eventually([&] {
                const std::int64_t now = toMicros(stage_->clock.now());
                return stage_->count("SELECT count(*) FROM stoa_outbox_leases WHERE expires_us>=" +
                                     std::to_string(now)) == 0;
            }));
            const int before = stage_->database.begun;
            std::thread beside([&] { two.renewLeases(); });
            one.renewLeases();
            beside.join();
            CPPUNIT_ASSERT_EQUAL(before + 2, stage_->database.begun.load());
        }
    }

    void whoLostALeaseDeletesNothing() {
        write({{"a", 1}});
        OutboxStore slow(stage_->database, "host-a", milliseconds{1});
        slow.renewLeases();
        const std::vector<OutboxRow> rows = slow.load(0, 10);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, rows.size());
        OutboxStore next(stage_->database, "host-b", milliseconds{20});
        CPPUNIT_ASSERT(eventually([&] {
            next.renewLeases();
            return next.shards() == 16;
        }));
        slow.remove({rows.data()});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, stage_->count(kRows));
        CPPUNIT_ASSERT(slow.load(0, 10).empty());
        const std::vector<OutboxRow> again = next.load(0, 10);
        next.remove({again.data()});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, stage_->count(kRows));
    }

    void theOwnerOfAShardIsWokenForRowsOfAnotherHost() {
        OutboxStore other(stage_->database, "host-b", std::chrono::hours{1});
        other.renewLeases();
        std::atomic<int> woken{0};
        options_.wake_owner = [&](const std::string& host) { woken += host == "host-b" ? 1 : 0; };
        write({{"a", 1}});
        start();
        CPPUNIT_ASSERT(eventually([&] { return woken > 0; }));
        CPPUNIT_ASSERT(stage_->recordsOf("t").empty());
    }

    void shardsThatAreGivenBackAreTakenAtOnce() {
        OutboxStore other(stage_->database, "host-b", std::chrono::hours{1});
        other.renewLeases();
        std::atomic<int> woken{0};
        options_.wake_owner = [&](const std::string& host) { woken += host == "host-b" ? 1 : 0; };
        options_.renew = std::chrono::hours{1};  // not by the usual renewal
        options_.lease = std::chrono::hours{3};
        start();
        std::vector<std::pair<std::string, int>> all;
        constexpr int kRecords = 50;
        all.reserve(kRecords);
        for (int i = 0; i < kRecords; ++i) {
            all.emplace_back("key-" + std::to_string(i), 1);
        }
        write(all);
        CPPUNIT_ASSERT(eventually([&] { return woken > 0; }));
        CPPUNIT_ASSERT(stage_->recordsOf("t").empty());
        other.renewLeases();  // two hosts now: it gives half of them back
        const std::size_t theirs = other.load(0, 100).size();
        CPPUNIT_ASSERT_EQUAL(8, other.shards());
        CPPUNIT_ASSERT(theirs > 0 && theirs < all.size());
        CPPUNIT_ASSERT(eventually([&] { return stage_->recordsOf("t").size() == all.size() - theirs; }));
    }

    void anIdleRelayLetsItsLeasesLapse() {
        options_.lease = milliseconds{100};
        options_.busy_for = milliseconds{1};
        start();
        write({{"a", 1}});
        CPPUNIT_ASSERT(relay_->flush(soon()));
        CPPUNIT_ASSERT(eventually([&] { return relay_->status().shards == 0; }));
        write({{"a", 2}});
        CPPUNIT_ASSERT(relay_->flush(soon()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, stage_->recordsOf("t").size());
    }

private:
    static Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds{60}; }

    static OutgoingEvent event(const std::string& key, int version) {
        OutgoingEvent event;
        event.topic = "t";
        event.key = key;
        event.data = std::to_string(version);
        event.aggregate_type = "thing";
        event.aggregate_version = version;
        return event;
    }

    OutboxWriter writer() {
        return OutboxWriter("order", stage_->clock, [this] {
            if (relay_) {
                relay_->wake();
            }
        });
    }

    void write(const std::vector<std::pair<std::string, int>>& events) {
        stage_->database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
            for (const auto& [key, version] : events) {
                writer().append(transaction, event(key, version));
            }
        });
    }

    void start() {
        options_.service = "order";
        options_.host_id = "host-a";
        options_.max_back_off = milliseconds{50};
        options_.idle_poll = milliseconds{100};
        relay_ = std::make_unique<OutboxRelay>(stage_->surroundings(), options_);
        relay_->start();
    }

    std::unique_ptr<Stage> stage_;
    RelayOptions options_;
    std::unique_ptr<OutboxRelay> relay_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RelayTest);

}  // namespace stoa::host::events
