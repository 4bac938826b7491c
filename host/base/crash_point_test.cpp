#include "host/base/crash_point.h"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>

#include <stoa/error.h>

#include "host/base/work.h"

namespace stoa::host {
namespace {

class CrashPointTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CrashPointTest);
    CPPUNIT_TEST(withoutAnOrderNothingHappens);
    CPPUNIT_TEST(theProcessIsKilledAtTheHitThatWasAskedFor);
    CPPUNIT_TEST(anotherPointOrServiceDoesNotCount);
    CPPUNIT_TEST(theServiceIsThatOfTheWorkUnlessItIsGiven);
    CPPUNIT_TEST(theJournalHasEachPairOnce);
    CPPUNIT_TEST(mistakesAreNamed);
    CPPUNIT_TEST(namesAreUnique);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-crash-XXXXXX").string();
        const int file = ::mkstemp(pattern.data());
        CPPUNIT_ASSERT(file >= 0);
        ::close(file);
        journal_ = pattern;
    }
    void tearDown() override { std::filesystem::remove(journal_); }

private:
    /// What a child with this order wrote down; "killed" or how it ended is the last line.
    std::string ranWith(const std::string& at, const std::function<void()>& body) {
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                armCrashPoints({at, journal_});
                body();
                ::_exit(0);
            } catch (...) {
                ::_exit(1);
            }
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        std::stringstream text;
        text << std::ifstream(journal_).rdbuf();
        const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        return text.str() + (killed ? "SIGKILL" : "exit " + std::to_string(WEXITSTATUS(status)));
    }

    static void hit(CrashPoint point, int times, std::string_view service = "order") {
        for (int i = 0; i < times; ++i) {
            crashPoint(point, service);
        }
    }

    void withoutAnOrderNothingHappens() {
        CPPUNIT_ASSERT(!armCrashPoints({}));
        hit(CrashPoint::kSqlCommitted, 3);
        CPPUNIT_ASSERT(!detail::crash_points_on);
    }

    void theProcessIsKilledAtTheHitThatWasAskedFor() {
        const auto twice = [] { hit(CrashPoint::kMailSent, 2); };
        const auto thrice = [] { hit(CrashPoint::kMailSent, 3); };
        CPPUNIT_ASSERT_EQUAL(std::string("reached mail.sent order\nexit 0"), ranWith("mail.sent@order#3", twice));
        CPPUNIT_ASSERT_EQUAL(std::string("reached mail.sent order\nreached mail.sent order\nkilled mail.sent "
                                         "order\nSIGKILL"),
                             ranWith("mail.sent@order#3", thrice));
    }

    void anotherPointOrServiceDoesNotCount() {
        const std::string told = ranWith("mail.sent@order", [] {
            hit(CrashPoint::kMailAnswered, 1);
            hit(CrashPoint::kMailSent, 1, "payment");
        });
        CPPUNIT_ASSERT_EQUAL(std::string("reached mail.answered order\nreached mail.sent payment\nexit 0"), told);
        // Of any service when none is named.
        CPPUNIT_ASSERT(ranWith("mail.sent", [] { hit(CrashPoint::kMailSent, 1, "payment"); }).ends_with("SIGKILL"));
    }

    void theServiceIsThatOfTheWorkUnlessItIsGiven() {
        const std::string told = ranWith("", [] {
            Work work;
            work.service = "shipping";
            const WorkScope scope(work);
            crashPoint(CrashPoint::kMailSent);
            crashPoint(CrashPoint::kMailSent, "payment");
        });
        CPPUNIT_ASSERT_EQUAL(std::string("reached mail.sent shipping\nreached mail.sent payment\nexit 0"), told);
    }

    void theJournalHasEachPairOnce() {
        const std::string told = ranWith("", [] {
            hit(CrashPoint::kTimerFired, 5);
            hit(CrashPoint::kTimerFired, 5, "");
        });
        CPPUNIT_ASSERT_EQUAL(std::string("reached timer.fired order\nreached timer.fired -\nexit 0"), told);
    }

    static void mistakesAreNamed() {
        for (const char* at : {"sql.comitted", "sql.committed#0", "sql.committed#x", "sql.committed#", "@order"}) {
            CPPUNIT_ASSERT_THROW(armCrashPoints({at, ""}), Error);
        }
        CPPUNIT_ASSERT_THROW(armCrashPoints({"", "/nowhere/journal"}), Error);
        CPPUNIT_ASSERT(!detail::crash_points_on);
    }

    static void namesAreUnique() {
        std::set<std::string_view> names;
        for (const CrashPointInfo& info : crashPoints()) {
            CPPUNIT_ASSERT_MESSAGE(std::string(info.name), names.insert(info.name).second);
            CPPUNIT_ASSERT(!info.moment.empty());
        }
    }

    std::string journal_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CrashPointTest);

}  // namespace
}  // namespace stoa::host
