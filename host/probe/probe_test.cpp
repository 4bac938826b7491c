// The plugin of test_plugins/ does what its setting names; here is what the probe says to it.

#include "host/probe/probe.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

namespace {

using namespace stoa::host::probe;
using std::chrono::milliseconds;

constexpr milliseconds kShort{SANITIZED ? 4000 : 1500};
constexpr milliseconds kAmple{60'000};

ProbeOptions optionsFor(const std::string& file) {
    ProbeOptions options;
    options.program = STOA_TEST_PROBE;
    options.file = file;
    options.timeout = kAmple;
    return options;
}

ProbeResult probeWith(const std::string& fault, milliseconds timeout = kAmple) {
    ProbeOptions options = optionsFor(STOA_TEST_PLUGIN);
    options.settings["fault"] = fault;
    options.timeout = timeout;
    return probe(options);
}

ProbeResult probeVariant(const std::string& name, milliseconds timeout = kAmple) {
    ProbeOptions options = optionsFor(std::string(STOA_TEST_VARIANTS) + '/' + name + ".so");
    options.timeout = timeout;
    return probe(options);
}

std::string show(const ProbeResult& result) {
    std::string text = result.stage + ": " + result.reason;
    for (const std::string& line : result.last_log_lines) {
        text += "\n  " + line;
    }
    return text;
}

bool logged(const ProbeResult& result, const std::string& what) {
    return std::any_of(result.last_log_lines.begin(), result.last_log_lines.end(),
                       [&](const std::string& line) { return line.find(what) != std::string::npos; });
}

void assertRefused(const ProbeResult& result, const std::string& stage, const std::string& reason) {
    CPPUNIT_ASSERT_MESSAGE(show(result), !result.passed);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(show(result), stage, result.stage);
    CPPUNIT_ASSERT_MESSAGE(show(result), result.reason.find(reason) != std::string::npos);
}

class ProbeTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProbeTest);
    CPPUNIT_TEST(aGoodPluginPassesThroughEveryStage);
    CPPUNIT_TEST(whatWasCreatedIsAskedForAsWell);
    CPPUNIT_TEST(nothingIsInheritedButTheTask);
    CPPUNIT_TEST(aConstructorThatAbortsIsNamedWithWhatItPrinted);
    CPPUNIT_TEST(aConstructorThatSleepsForEverIsKilled);
    CPPUNIT_TEST(whatCreateDoesWrongIsSaid);
    CPPUNIT_TEST(aPluginThatDoesNotStartHealOrStopIsRefused);
    CPPUNIT_TEST(answersThatBreakTheirPromisesAreRefused);
    CPPUNIT_TEST(eventsThatBreakTheirPromisesAreRefused);
    CPPUNIT_TEST(anEventThatWouldBeParkedIsNoted);
    CPPUNIT_TEST(statementsThatNoHostTakesAreRefused);
    CPPUNIT_TEST(aCrashInAHandlerNamesSignalRouteAndLastLines);
    CPPUNIT_TEST(aHandlerThatHangsExitsOrThrowsIsNamed);
    CPPUNIT_TEST(everythingThatIsWrongIsListed);
    CPPUNIT_TEST(aLibraryThatStaysMappedIsRefused);
    CPPUNIT_TEST(aFileThatIsNoPluginIsRefused);
    CPPUNIT_TEST(aMissingProgramIsSaid);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        // A sanitizer must leave signals to those who look at them.
        setenv("ASAN_OPTIONS", "handle_segv=0:handle_abort=0:allow_user_segv_handler=1", 1);
        setenv("TSAN_OPTIONS", "handle_segv=0:handle_abort=0", 1);
    }

    void aGoodPluginPassesThroughEveryStage() {
        const ProbeResult result = probeWith("none");
        CPPUNIT_ASSERT_MESSAGE(show(result), result.passed);
        CPPUNIT_ASSERT(result.stage.empty() && result.reason.empty() && result.failures.empty());
        CPPUNIT_ASSERT(result.notes.empty());
        std::string stages;
        for (const ProbeStage& stage : result.stages) {
            stages += stage.name + ", ";
        }
        CPPUNIT_ASSERT_EQUAL(std::string("spawned, mapped, negotiated, migrated, created, started, healthy, event "
                                         "thing.seen, route createThing, route getThing, stopped, unmapped, "),
                             stages);
    }

    void whatWasCreatedIsAskedForAsWell() {
        const ProbeResult result = probeWith("none");
        CPPUNIT_ASSERT_MESSAGE(show(result), logged(result, "asked for 0190a0b0-0000-7000-8000-000000000001"));
        CPPUNIT_ASSERT_MESSAGE(show(result), logged(result, "asked for 0190a0b0-0000-7000-8000-000000000002"));
    }

    void nothingIsInheritedButTheTask() {
        setenv("STOA_PROBE_TEST_SECRET", "hunter2", 1);
        const ProbeResult result = probeWith("none");
        CPPUNIT_ASSERT_MESSAGE(show(result), logged(result, "descriptors 4 secret none"));
    }

    void aConstructorThatAbortsIsNamedWithWhatItPrinted() {
        const ProbeResult result = probeVariant("constructor_aborts");
        assertRefused(result, "mapped", "SIGABRT");
        CPPUNIT_ASSERT_MESSAGE(show(result), logged(result, "this constructor has had enough"));
    }

    void aConstructorThatSleepsForEverIsKilled() {
        const ProbeResult result = probeVariant("constructor_sleeps", kShort);
        assertRefused(result, "mapped", "hung and was killed after");
        CPPUNIT_ASSERT(result.took >= kShort);
        CPPUNIT_ASSERT(result.took < kAmple / 2);
    }

    void whatCreateDoesWrongIsSaid() {
        assertRefused(probeWith("create throws"), "created", "std::runtime_error: thrown in create");
        assertRefused(probeWith("create fails"), "created", "the stars are wrong");
        if (!SANITIZED) {
            assertRefused(probeWith("create allocates"), "created", "the probe gives it 1024 MiB of memory");
        }
    }

    void aPluginThatDoesNotStartHealOrStopIsRefused() {
        assertRefused(probeWith("start fails"), "started", "start failed");
        assertRefused(probeWith("never healthy", kShort), "healthy", "waiting for the sun");
        assertRefused(probeWith("stop fails"), "stopped", "stop failed");
    }

    void answersThatBreakTheirPromisesAreRefused() {
        assertRefused(probeWith("schema"), "route getThing", "/thingId");
        assertRefused(probeWith("status"), "route createThing", "answered 202");
        assertRefused(probeWith("error 500"), "route createThing", "answered 500");
        assertRefused(probeWith("problem"), "route createThing", "member status is not the answer's");
    }

    void eventsThatBreakTheirPromisesAreRefused() {
        assertRefused(probeWith("publish"), "event thing.seen", "thing.made /thingId");
    }

    void anEventThatWouldBeParkedIsNoted() {
        const ProbeResult result = probeWith("park");
        CPPUNIT_ASSERT_MESSAGE(show(result), result.passed);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, result.notes.size());
        CPPUNIT_ASSERT(result.notes.front().find("event thing.seen: its handler said invalid") == 0);
    }

    void statementsThatNoHostTakesAreRefused() {
        assertRefused(probeWith("misspelt statement"), "route createThing", "SELEC id FROM things");
        assertRefused(probeWith("star"), "route createThing", "name the columns");
        assertRefused(probeWith("hidden star"), "route createThing", "name the columns");
        assertRefused(probeWith("only SQLite"), "route createThing", "PostgreSQL can't read it");
    }

    void aCrashInAHandlerNamesSignalRouteAndLastLines() {
        const ProbeResult result = probeWith("crash");
        assertRefused(result, "route createThing", "SIGSEGV");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(show(result), std::string("info about to crash"), result.last_log_lines.back());
    }

    void aHandlerThatHangsExitsOrThrowsIsNamed() {
        assertRefused(probeWith("hang", kShort), "route createThing", "hung and was killed after");
        assertRefused(probeWith("exit"), "route createThing", "exit(3)");
        assertRefused(probeWith("throw"), "route createThing", "std::out_of_range: thrown in a handler");
    }

    void everythingThatIsWrongIsListed() {
        const ProbeResult result = probeWith("two faults");
        assertRefused(result, "route createThing", "answered 202");
        CPPUNIT_ASSERT_EQUAL(std::string("route getThing"), result.failures.back().stage);
        CPPUNIT_ASSERT_EQUAL(std::string("unmapped"), result.stages.back().name);
    }

    void aLibraryThatStaysMappedIsRefused() { assertRefused(probeVariant("pinned"), "unmapped", "stays mapped"); }

    void aFileThatIsNoPluginIsRefused() {
        assertRefused(probe(optionsFor(STOA_TEST_PROBE)), "mapped", "manifest");
        assertRefused(probe(optionsFor("/nowhere/plugin.so")), "mapped", "/nowhere/plugin.so");
    }

    void aMissingProgramIsSaid() {
        ProbeOptions options = optionsFor(STOA_TEST_PLUGIN);
        options.program = "/nowhere/stoa-probe";
        assertRefused(probe(options), "spawned", "/nowhere/stoa-probe");
    }
};

}  // namespace

CPPUNIT_TEST_SUITE_REGISTRATION(ProbeTest);
