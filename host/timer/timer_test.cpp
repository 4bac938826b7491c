#include <cppunit/extensions/HelperMacros.h>
#include <stdlib.h>

#include <filesystem>

#include "host/sql/sql_capability.h"
#include "host/timer/conformance/conformance.h"
#include "host/timer/timer_capability.h"

namespace stoa::host::timer {
namespace {

class SqliteTimerTest : public TimerConformance {
    CPPUNIT_TEST_SUB_SUITE(SqliteTimerTest, TimerConformance);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        auto pattern = (std::filesystem::temp_directory_path() / "stoa-timer-XXXXXX").string();
        CPPUNIT_ASSERT(mkdtemp(pattern.data()));
        directory_ = pattern;
        TimerConformance::setUp();
    }
    void tearDown() override {
        TimerConformance::tearDown();
        std::filesystem::remove_all(directory_);
    }

protected:
    std::unique_ptr<sql::Database> open() override { return sql::Database::open("sqlite:t.sqlite", directory_, {}); }

private:
    std::string directory_;
};

class TimerCapabilityTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TimerCapabilityTest);
    CPPUNIT_TEST(setsAndCancelsWithinTheTransaction);
    CPPUNIT_TEST(wakesAfterTheCommitOfWhatIsSoonDue);
    CPPUNIT_TEST(namesOutsideOfTheManifestAreRefused);
    CPPUNIT_TEST(namesHaveIndexes);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        database_ = sql::Database::open("sqlite::memory:", "/", {});
        migrate(*database_);
        auto manifest = std::make_shared<validate::Manifest>();
        manifest->timers = {{"expiry", true}, {"poll", false}};
        environment_.service = "shop";
        environment_.manifest = manifest;
        TimerCapability capability{clock_, [this](const std::string& service, std::int64_t due_us) {
                                       woken_ += service;
                                       woken_for_us_ = due_us;
                                   }};
        binding_ = capability.bind(environment_);
        timer_ = static_cast<const stoa_timer*>(binding_->table());
    }

private:
    stoa_status set(stoa_tx* tx, const char* name, std::chrono::seconds from_now) {
        return timer_->set(timer_, tx, view(name), view("key"), toMicros(clock_.now() + from_now), view("payload"));
    }

    std::int64_t rows() {
        return std::get<std::int64_t>(
            database_->begin(sql::Mode::kRead)->execute("SELECT count(*) FROM stoa_timers", {}).rows[0][0]);
    }

    void setsAndCancelsWithinTheTransaction() {
        {
            sql::TxHandle lost{*database_, database_->begin(sql::Mode::kWrite)};
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, set(lost.raw(), "expiry", std::chrono::seconds{0}));
        }
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, rows());
        sql::TxHandle kept{*database_, database_->begin(sql::Mode::kWrite)};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, set(kept.raw(), "expiry", std::chrono::seconds{0}));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, set(kept.raw(), "poll", std::chrono::seconds{0}));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, timer_->cancel(timer_, kept.raw(), view("poll"), view("key")));
        kept.commit();
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, rows());
    }

    void wakesAfterTheCommitOfWhatIsSoonDue() {
        sql::TxHandle later{*database_, database_->begin(sql::Mode::kWrite)};
        set(later.raw(), "expiry", std::chrono::hours{1});
        later.commit();
        CPPUNIT_ASSERT_EQUAL(std::string{}, woken_);
        sql::TxHandle now{*database_, database_->begin(sql::Mode::kWrite)};
        const auto before_us = toMicros(clock_.now());
        set(now.raw(), "expiry", std::chrono::seconds{1});
        CPPUNIT_ASSERT_EQUAL(std::string{}, woken_);
        now.commit();
        CPPUNIT_ASSERT_EQUAL(std::string{"shop"}, woken_);
        CPPUNIT_ASSERT_LESSEQUAL(woken_for_us_, before_us + 1'000'000);
    }

    void namesOutsideOfTheManifestAreRefused() {
        sql::TxHandle tx{*database_, database_->begin(sql::Mode::kWrite)};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, set(tx.raw(), "other", std::chrono::seconds{0}));
        CPPUNIT_ASSERT(lastError().find("other") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, timer_->cancel(timer_, tx.raw(), view("other"), view("k")));
        const std::string long_key(1000, 'k');
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID},
                             timer_->set(timer_, tx.raw(), view("poll"), view(long_key), 0, view("")));
    }

    void namesHaveIndexes() {
        std::uint32_t index = 9;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, timer_->index(timer_, view("poll"), &index));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, index);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, timer_->index(timer_, view("none"), &index));
        stoa_str name{};
        std::uint32_t transactional = 9;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, timer_->name(timer_, 1, &name, &transactional));
        CPPUNIT_ASSERT_EQUAL(std::string{"poll"}, std::string{text(name)});
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0}, transactional);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, timer_->name(timer_, 2, &name, &transactional));
    }

    Clock clock_;
    std::string woken_;
    std::int64_t woken_for_us_ = 0;
    plugin::Environment environment_;
    std::unique_ptr<sql::Database> database_;
    std::unique_ptr<plugin::Binding> binding_;
    const stoa_timer* timer_ = nullptr;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SqliteTimerTest);
CPPUNIT_TEST_SUITE_REGISTRATION(TimerCapabilityTest);

}  // namespace
}  // namespace stoa::host::timer
