// What every driver promises, on a network in memory: the same tests for `embedded` and for `static`.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>

#include "registry/driver_fixture.h"
#include "registry/embedded.h"
#include "registry/static_list.h"

namespace stoa::registry {
namespace {

constexpr const char* kServing = "10.0.0.1:7700";

using Names = std::vector<std::string>;

class DriverTest : public DriverFixture {
public:
    void aHostKnowsItselfAtOnce() {
        start("a", 1);
        CPPUNIT_ASSERT(host("a").sees() == Names{"a/1.0.0"});
    }

    void hostsFindEachOther() {
        start("a", 1);
        start("b", 2);
        run(2500);
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
        CPPUNIT_ASSERT(host("a").registry->directory()->hosts[1] == host("b").registration);
        CPPUNIT_ASSERT_EQUAL(std::string(), host("a").registry->trouble());
    }

    /// What nobody serves is known only then.
    void theListIsCompleteOnceEverybodyHasHadHisTime() {
        network_.dead = {"10.0.0.2:9000"};
        start("a", 1);
        CPPUNIT_ASSERT(!host("a").registry->directory()->complete);
        run(4000);
        CPPUNIT_ASSERT(!host("a").registry->directory()->complete);
        run(4000);
        CPPUNIT_ASSERT(host("a").registry->directory()->complete);
        network_.dead.clear();
        start("b", 2);
        run(2500);
        CPPUNIT_ASSERT(host("b").registry->directory()->complete);
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
    }

    void aHostThatHasMoreToComeLeavesTheListIncomplete() {
        start("a", 1);
        start("b", 2);
        run(8000);
        Registration starting = host("b").registration;
        starting.more_to_come = true;
        host("b").registry->announce(starting);
        run(2500);
        CPPUNIT_ASSERT(!host("a").registry->directory()->complete);
        CPPUNIT_ASSERT(!host("b").registry->directory()->complete);
        host("b").registry->announce(host("b").registration);
        run(2500);
        CPPUNIT_ASSERT(host("a").registry->directory()->complete);
        CPPUNIT_ASSERT(host("b").registry->directory()->complete);
    }

    void aCompleteListStaysCompleteWhileNobodyAnswers() {
        start("a", 1);
        start("b", 2);
        run(8000);
        CPPUNIT_ASSERT(host("b").registry->directory()->complete);
        network_.dead = {kServing, "10.0.0.1:9000"};
        run(12'000);
        CPPUNIT_ASSERT(host("b").registry->directory()->complete);
        network_.dead.clear();
    }

    void changedServicesReplaceTheFormerOnes() {
        start("a", 1);
        start("b", 2);
        run(2500);
        host("b").registry->announce(registration("b", 2, 1, "2.0.0"));
        run(2500);
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "b/2.0.0"}));
    }

    /// For the others; what still arrives at it goes to the services that it still runs.
    void aWithdrawnHostIsGoneBeforeItsLeaseEnds() {
        start("a", 1);
        start("b", 2);
        run(2500);
        host("b").registry->withdraw();
        run(2500);
        CPPUNIT_ASSERT(host("a").sees() == Names{"a/1.0.0"});
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
    }

    void aHostMayComeBackAfterItsWithdrawal() {
        start("a", 1);
        start("b", 2);
        run(2500);
        host("b").registry->withdraw();
        run(2500);
        host("b").registry->announce(host("b").registration);
        run(2500);
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
    }

    void aSilentHostIsKeptForItsLeaseAndThenDropped() {
        start("a", 1);
        start("b", 2);
        run(8000);
        kill("b");
        run(4000);
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
        run(5000);
        CPPUNIT_ASSERT(host("a").sees() == Names{"a/1.0.0"});
    }

    void aLaterStartReplacesAnEarlierOne() {
        start("a", 1);
        start("b", 2);
        run(2500);
        kill("b");
        start("b", 2, 2, "2.0.0");
        run(2500);
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "b/2.0.0"}));
    }

    void anEarlierStartDoesNotReplaceALaterOne() {
        start("a", 1);
        start("b", 2, 2, "2.0.0");
        run(2500);
        kill("b");
        start("b", 2, 1, "1.0.0");
        run(2500);
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "b/2.0.0"}));
    }

    void anUncertifiedHostIsRefused() {
        start("a", 1);
        start("b", 2, 1, "1.0.0", forger_);
        run(2500);
        CPPUNIT_ASSERT(host("a").sees() == Names{"a/1.0.0"});
    }

    void listenersHearOfChangesOnly() {
        start("a", 1);
        run(8000);
        const int before = host("a").changes;
        run(2500);
        CPPUNIT_ASSERT_EQUAL(before, host("a").changes);
        start("b", 2);
        run(2500);
        CPPUNIT_ASSERT_EQUAL(before + 1, host("a").changes);
    }

    void theLastGoodListIsKeptWhileNobodyAnswers() {
        start("a", 1);
        start("b", 2);
        run(2500);
        host("b").troubles.clear();
        network_.dead = {kServing, "10.0.0.1:9000"};
        run(4000);
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
        CPPUNIT_ASSERT(!host("b").registry->trouble().empty());
        network_.dead.clear();
        run(2500);
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
        CPPUNIT_ASSERT_EQUAL(std::string(), host("b").registry->trouble());
        const auto& told = host("b").troubles;  // each once, and once more when it is over
        CPPUNIT_ASSERT(told.size() > 1 && !told.front().empty() && told.back().empty());
        CPPUNIT_ASSERT(std::ranges::adjacent_find(told) == told.end());
    }
};

#define STOA_DRIVER_TESTS                                        \
    CPPUNIT_TEST(aHostKnowsItselfAtOnce);                        \
    CPPUNIT_TEST(hostsFindEachOther);                            \
    CPPUNIT_TEST(theListIsCompleteOnceEverybodyHasHadHisTime);   \
    CPPUNIT_TEST(aHostThatHasMoreToComeLeavesTheListIncomplete); \
    CPPUNIT_TEST(aCompleteListStaysCompleteWhileNobodyAnswers);  \
    CPPUNIT_TEST(changedServicesReplaceTheFormerOnes);           \
    CPPUNIT_TEST(aWithdrawnHostIsGoneBeforeItsLeaseEnds);        \
    CPPUNIT_TEST(aHostMayComeBackAfterItsWithdrawal);            \
    CPPUNIT_TEST(aSilentHostIsKeptForItsLeaseAndThenDropped);    \
    CPPUNIT_TEST(aLaterStartReplacesAnEarlierOne);               \
    CPPUNIT_TEST(anEarlierStartDoesNotReplaceALaterOne);         \
    CPPUNIT_TEST(anUncertifiedHostIsRefused);                    \
    CPPUNIT_TEST(listenersHearOfChangesOnly);                    \
    CPPUNIT_TEST(theLastGoodListIsKeptWhileNobodyAnswers)

class EmbeddedTest : public DriverTest {
    CPPUNIT_TEST_SUITE(EmbeddedTest);
    STOA_DRIVER_TESTS;
    CPPUNIT_TEST(theHostThatIsAloneNeedsNoNetwork);
    CPPUNIT_TEST(aChangeIsSeenWithinASecond);
    CPPUNIT_TEST(anotherHostServesWhenTheServingOneDies);
    CPPUNIT_TEST(aRestartedServerDropsNobodyWhoIsStillThere);
    CPPUNIT_TEST(aForgottenHostRegistersAgainAtOnce);
    CPPUNIT_TEST(whatCouldNotBeReadIsAskedForAgain);
    CPPUNIT_TEST(theHostWithTheRegistrysAddressServes);
    CPPUNIT_TEST_SUITE_END();

public:
    void theHostThatIsAloneNeedsNoNetwork() {
        address_ = "";
        start("a", 1);
        network_.dead = {"10.0.0.1:9000"};
        run(10'000);
        CPPUNIT_ASSERT(host("a").sees() == Names{"a/1.0.0"});
        CPPUNIT_ASSERT(host("a").registry->directory()->complete);
        CPPUNIT_ASSERT_EQUAL(std::string(), host("a").registry->trouble());
        CPPUNIT_ASSERT(!network_.listening.contains(kServing));
        address_ = kServing;
    }

    void aChangeIsSeenWithinASecond() {
        start("a", 1);
        start("b", 2);
        run(10'000);
        start("c", 3);
        run(1000);
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "b/1.0.0", "c/1.0.0"}));
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0", "c/1.0.0"}));
    }

    void anotherHostServesWhenTheServingOneDies() {
        start("a", 1);
        start("b", 2);
        start("c", 3);
        run(10'000);
        kill("a");
        run(2500);
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0", "c/1.0.0"}));
        run(8000);
        CPPUNIT_ASSERT(host("b").sees() == (Names{"b/1.0.0", "c/1.0.0"}));
        CPPUNIT_ASSERT(host("c").sees() == (Names{"b/1.0.0", "c/1.0.0"}));
    }

    void aRestartedServerDropsNobodyWhoIsStillThere() {
        start("a", 1);
        start("b", 2);
        start("c", 3);
        run(10'000);
        network_.dead = {kServing, "10.0.0.2:9000", "10.0.0.3:9000"};  // others can't take over meanwhile
        kill("a");
        run(3000);
        network_.dead.clear();
        network_.listening.erase(kServing);
        start("a", 1, 2);
        for (int i = 0; i < 40; ++i) {
            run(250);
            CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0", "c/1.0.0"}));
            CPPUNIT_ASSERT(host("c").sees() == (Names{"a/1.0.0", "b/1.0.0", "c/1.0.0"}));
        }
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "b/1.0.0", "c/1.0.0"}));
    }

    void aForgottenHostRegistersAgainAtOnce() {
        heartbeat_ = std::chrono::minutes(1);  // so that it is its absence from the list that makes it come back
        start("a", 1);
        start("b", 2);
        run(7000);
        int seen = 0;
        for (int i = 0; i < 40; ++i) {
            run(250);
            seen += host("a").sees().size() == 2 ? 1 : 0;
        }
        CPPUNIT_ASSERT(seen >= 36);
    }

    void whatCouldNotBeReadIsAskedForAgain() {
        BlindSealer moody;
        start("a", 1);
        run(8000);  // from here on the list changes no more by itself
        start("b", 2, 1, "1.0.0", moody);
        run(2500);
        CPPUNIT_ASSERT(host("b").sees() == Names{"b/1.0.0"});
        CPPUNIT_ASSERT(!host("b").registry->trouble().empty());
        moody.blind = false;
        run(1000);
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
        CPPUNIT_ASSERT_EQUAL(std::string(), host("b").registry->trouble());
        hosts_.clear();  // before its sealer
    }

    void theHostWithTheRegistrysAddressServes() {
        address_ = "10.0.0.1:9000";
        start("a", 1);
        start("b", 2);
        network_.dead = {"10.0.0.2:9000"};
        run(2500);
        CPPUNIT_ASSERT(host("b").sees() == (Names{"a/1.0.0", "b/1.0.0"}));
        CPPUNIT_ASSERT_EQUAL(std::string("embedded at 10.0.0.1:9000, served by this host"),
                             host("a").registry->describe());
        address_ = kServing;
    }

protected:
    std::unique_ptr<PolledRegistry> make(const std::string&, Sealer& sealer, Options options) override {
        return std::make_unique<EmbeddedRegistry>(address_, sealer, send(), std::move(options));
    }

private:
    std::string address_ = kServing;
};

class StaticTest : public DriverTest {
    CPPUNIT_TEST_SUITE(StaticTest);
    STOA_DRIVER_TESTS;
    CPPUNIT_TEST(aDeadAddressDoesNotHideTheOthers);
    CPPUNIT_TEST_SUITE_END();

public:
    void aDeadAddressDoesNotHideTheOthers() {
        addresses_ = {"10.0.0.1:9000", "10.0.0.2:9000", "10.0.0.3:9000"};
        start("a", 1);
        start("c", 3);
        run(20'000);
        CPPUNIT_ASSERT(host("a").sees() == (Names{"a/1.0.0", "c/1.0.0"}));
        CPPUNIT_ASSERT(host("a").registry->trouble().find("10.0.0.2:9000") != std::string::npos);
    }

protected:
    std::unique_ptr<PolledRegistry> make(const std::string&, Sealer& sealer, Options options) override {
        return std::make_unique<StaticRegistry>(addresses_, sealer, send(), std::move(options));
    }

private:
    Names addresses_{"10.0.0.1:9000", "10.0.0.2:9000"};
};

CPPUNIT_TEST_SUITE_REGISTRATION(EmbeddedTest);
CPPUNIT_TEST_SUITE_REGISTRATION(StaticTest);

}  // namespace
}  // namespace stoa::registry
