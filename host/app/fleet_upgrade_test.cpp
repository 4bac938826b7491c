#include "host/app/fleet_upgrade.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <set>
#include <thread>

#include <stoa/json.h>

namespace stoa::host::app {
namespace {

struct Diary {
    std::atomic<int> under_way{0};
    std::atomic<int> most{0};
    std::atomic<int> upgraded{0};
    std::function<void(const std::string& host)> act = [](const std::string&) {};
    std::set<std::string> cannot_go_back;
};

class FakeMember : public FleetMember {
public:
    FakeMember(std::string id, Diary& diary) : id_(std::move(id)), diary_(diary) {}
    const std::string& hostId() const override { return id_; }
    const std::string& address() const override { return id_; }

    Json::Value upgrade(const Step& step) override {
        const int now = ++diary_.under_way;
        for (int most = diary_.most; now > most && !diary_.most.compare_exchange_weak(most, now);) {
        }
        const std::unique_ptr<Diary, void (*)(Diary*)> end(&diary_, [](Diary* diary) { --diary->under_way; });
        step("loaded", "");
        diary_.act(id_);
        ++diary_.upgraded;
        Json::Value now_runs;
        now_runs["outcome"] = "active";
        now_runs["version"] = "2.0.0";
        return now_runs;
    }

    Json::Value rollBack(const Step&) override {
        if (diary_.cannot_go_back.contains(id_)) {
            throw Error(STOA_CONFLICT, "something else runs here");
        }
        Json::Value now_runs;
        now_runs["version"] = "1.0.0";
        return now_runs;
    }

private:
    std::string id_;
    Diary& diary_;
};

class FleetUpgradeTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FleetUpgradeTest);
    CPPUNIT_TEST(hostsFollowEachOther);
    CPPUNIT_TEST(aWaveGoesTogether);
    CPPUNIT_TEST(theFirstRefusalTakesAllBack);
    CPPUNIT_TEST(aHostThatVanishedIsAskedToGoBackAndReported);
    CPPUNIT_TEST(whatCannotGoBackIsSaid);
    CPPUNIT_TEST(itEndsWhenNobodyWaits);
    CPPUNIT_TEST_SUITE_END();

public:
    FleetReport run(std::size_t hosts, FleetPlan plan) {
        FleetMembers members;
        for (std::size_t i = 0; i < hosts; ++i) {
            members.push_back(std::make_unique<FakeMember>(std::string(1, static_cast<char>('a' + i)), diary_));
        }
        return upgradeFleet(
            members, plan,
            [this](const FleetMember& member, const std::string& step, const std::string&) {
                lines_ += member.hostId() + " " + step + ", ";
            },
            [this] { return diary_.upgraded < wanted_until_; });
    }

    static std::string outcomes(const FleetReport& report) {
        std::string text = textOr(report.result, "outcome");
        for (const Json::Value& row : report.result["hosts"]) {
            text += ", " + textOr(row, "host") + " " + textOr(row, "outcome");
        }
        return text;
    }

    void hostsFollowEachOther() {
        const FleetReport report = run(3, {1, std::chrono::milliseconds{1}});
        CPPUNIT_ASSERT(report.done);
        CPPUNIT_ASSERT_EQUAL(std::string("active, a active, b active, c active"), outcomes(report));
        CPPUNIT_ASSERT_EQUAL(1, diary_.most.load());
        CPPUNIT_ASSERT_EQUAL(std::string("a loaded, a active, b loaded, b active, c loaded, c active, "), lines_);
    }

    void aWaveGoesTogether() {
        std::atomic<int> here{0};
        diary_.act = [&](const std::string& host) {
            ++here;
            const int expected = host == "c" ? 3 : 2;
            while (here < expected) {
                std::this_thread::yield();
            }
        };
        CPPUNIT_ASSERT_EQUAL(std::string("active, a active, b active, c active"), outcomes(run(3, {2, {}})));
        CPPUNIT_ASSERT_EQUAL(2, diary_.most.load());
    }

    void theFirstRefusalTakesAllBack() {
        diary_.act = [](const std::string& host) {
            if (host == "b") {
                throw Error(STOA_INVALID, "its probe failed");
            }
        };
        const FleetReport report = run(3, {1, {}});
        CPPUNIT_ASSERT(!report.done);
        CPPUNIT_ASSERT_EQUAL(std::string("b: its probe failed"), report.reason);
        CPPUNIT_ASSERT_EQUAL(std::string("rolled back, a rolled back, b refused, c not asked"), outcomes(report));
        CPPUNIT_ASSERT_EQUAL(std::string("1.0.0"), textOr(report.result["hosts"][0], "version"));
    }

    void aHostThatVanishedIsAskedToGoBackAndReported() {
        diary_.act = [](const std::string& host) {
            if (host == "b") {
                throw Vanished("it does not answer");
            }
        };
        CPPUNIT_ASSERT_EQUAL(std::string("rolled back, a rolled back, b rolled back"), outcomes(run(2, {1, {}})));
        diary_.cannot_go_back = {"b"};
        CPPUNIT_ASSERT_EQUAL(std::string("rollback incomplete, a rolled back, b vanished"), outcomes(run(2, {2, {}})));
    }

    void whatCannotGoBackIsSaid() {
        diary_.cannot_go_back = {"a"};
        diary_.act = [](const std::string& host) {
            if (host == "b") {
                throw Error(STOA_INVALID, "no");
            }
        };
        const FleetReport report = run(2, {1, {}});
        CPPUNIT_ASSERT_EQUAL(std::string("rollback incomplete, a rollback failed, b refused"), outcomes(report));
        CPPUNIT_ASSERT_EQUAL(std::string("something else runs here"), textOr(report.result["hosts"][0], "rollback"));
    }

    void itEndsWhenNobodyWaits() {
        wanted_until_ = 1;
        const FleetReport report = run(2, {1, std::chrono::hours{1}});
        CPPUNIT_ASSERT_EQUAL(std::string("rolled back, a rolled back, b not asked"), outcomes(report));
    }

private:
    Diary diary_;
    std::string lines_;
    int wanted_until_ = 100;
};

CPPUNIT_TEST_SUITE_REGISTRATION(FleetUpgradeTest);

}  // namespace
}  // namespace stoa::host::app
