// Plugins that were built against the headers of a released minor, loaded as a host loads them: in this process, with
// the host in memory. stoa-probe does the same with the real capabilities (the tests frozen_…_probe).

#include <cppunit/extensions/HelperMacros.h>
#include <dlfcn.h>

#include <functional>
#include <string>

#include <stoa/fake/host.h>

#include "tests/contract/mapped.h"

class FrozenTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FrozenTest);
    CPPUNIT_TEST(aPluginInPlainCOfEachMinorServesAndUnloads);
    CPPUNIT_TEST(aPluginWithEveryCapabilityOfEachMinorServesAndUnloads);
    CPPUNIT_TEST(aPluginWithTheSdkOfEachMinorServesAndUnloads);
    CPPUNIT_TEST_SUITE_END();

public:
    void aPluginInPlainCOfEachMinorServesAndUnloads() {
        load("frozen_1_0_c", [](stoa::fake::Host& host) {
            CPPUNIT_ASSERT_EQUAL(std::string("Hello, Ada"),
                                 host.get("/api/v1/echoes/Ada").send().json()["greeting"].asString());
        });
    }

    void aPluginWithEveryCapabilityOfEachMinorServesAndUnloads() {
        load("frozen_1_0_every", [](stoa::fake::Host& host) {
            const auto taken = host.post("/api/v1/notes").key("k1").json(R"({"text":"remember"})").send();
            CPPUNIT_ASSERT_EQUAL(201, taken.status);
            const std::string note = "/api/v1/notes/" + taken.json()["noteId"].asString();
            CPPUNIT_ASSERT_EQUAL(std::string("remember"), host.get(note).send().json()["text"].asString());
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host.published("note.taken").size());
            CPPUNIT_ASSERT_EQUAL(1, host.advance(std::chrono::hours{1}));
            CPPUNIT_ASSERT_EQUAL(404, host.get(note).send().status);
            host.neighbour("greeter").on("GET", "/api/v1/greetings", stoa::fake::Outgoing{418, {}});
            const auto around = host.get("/api/v1/surroundings").send().json();
            CPPUNIT_ASSERT_EQUAL(418, around["neighbour"].asInt());
            CPPUNIT_ASSERT_EQUAL(std::string("calm"), around["settings"]["mood"].asString());
        });
    }

    void aPluginWithTheSdkOfEachMinorServesAndUnloads() {
        load("frozen_1_0_sdk", [](stoa::fake::Host& host) {
            const auto greeted = host.post("/api/v1/greetings").as("u1").key("k1").json(R"({"name":"Ada"})").send();
            CPPUNIT_ASSERT_EQUAL(201, greeted.status);
            CPPUNIT_ASSERT_EQUAL(1, host.get("/api/v1/greetings?name=Ada").send().json()["count"].asInt());
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host.published("greeting.sent").size());
        });
    }

private:
    static void load(const std::string& name, const std::function<void(stoa::fake::Host&)>& use) {
        const std::string stem = std::string(STOA_TEST_PLUGINS) + "/" + name;
        const std::string file = stem + ".so";
        void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
        CPPUNIT_ASSERT_MESSAGE(library == nullptr ? dlerror() : "", library != nullptr);
        stoa::fake::Options options;
        options.entry = reinterpret_cast<stoa_plugin_entry_fn>(dlsym(library, "stoa_plugin_entry"));
        CPPUNIT_ASSERT(options.entry != nullptr);
        {
            stoa::fake::Host host{stem + ".manifest.json", std::move(options)};
            use(host);
        }
        CPPUNIT_ASSERT(isMapped(file));
        CPPUNIT_ASSERT_EQUAL(0, dlclose(library));
        CPPUNIT_ASSERT(!isMapped(file));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FrozenTest);
