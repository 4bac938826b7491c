// The entry of a plugin: what it refuses, and what `create` may do.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>

#include <stoa/base64.h>
#include <stoa/fake/host.h>
#include <stoa/plugin.h>

STOA_EXPORT const stoa_plugin* stoa_plugin_entry(const stoa_offer* offer, const stoa_writer* refusal);

namespace {

using namespace stoa;

class EntryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EntryTest);
    CPPUNIT_TEST(anotherAbiIsRefusedWithAReason);
    CPPUNIT_TEST(handlersAndManifestMustMatch);
    CPPUNIT_TEST(cryptoIsUsable);
    CPPUNIT_TEST(aDescriptorThatContradictsTheManifestIsRefused);
    CPPUNIT_TEST(eachStepOfTheStartIsTold);
    CPPUNIT_TEST(mistakesAreKeptThoughTheHandlerAnswers);
    CPPUNIT_TEST_SUITE_END();

public:
    void anotherAbiIsRefusedWithAReason() {
        CPPUNIT_ASSERT_EQUAL(std::string(), refusalOf(STOA_ABI_MAJOR));
        CPPUNIT_ASSERT_EQUAL(std::string("till can't run in host 9.9: the ABI's major version is 2, expected 1"),
                             refusalOf(2));
    }

    void handlersAndManifestMustMatch() {
        fake::Options options;
        options.entry = [](const stoa_offer* offer, const stoa_writer* refusal) {
            return pluginEntry(
                offer, refusal, [](Host& host) -> std::unique_ptr<Plugin> { return std::make_unique<Holey>(host); },
                "till", "1.0.0");
        };
        try {
            fake::Host host{STOA_TEST_MANIFEST, options};
            CPPUNIT_FAIL("a plugin with holes was accepted");
        } catch (const fake::Violation& violation) {
            const std::string why = violation.what();
            for (const char* hole : {"route createTill", "route importTills", "subscription to sale.made",
                                     "transactional timer close", "job report"}) {
                CPPUNIT_ASSERT_MESSAGE(why, why.find(hole) != std::string::npos);
            }
            CPPUNIT_ASSERT_MESSAGE(why, why.find("getTill") == std::string::npos);
        }
        // The descriptor is one per library: the next test needs the real factory again.
        CPPUNIT_ASSERT_EQUAL(std::string(), refusalOf(STOA_ABI_MAJOR));
    }

    void cryptoIsUsable() {
        fake::Options options{.secrets = {{"hook", "Jefe"}}};
        options.entry = [](const stoa_offer* offer, const stoa_writer* refusal) {
            return pluginEntry(
                offer, refusal,
                [](Host& host) -> std::unique_ptr<Plugin> {
                    const Crypto& own = host.crypto();
                    // RFC 4231, test case 2.
                    const std::string mac = own.hmacSha256("hook", "what do ya want for nothing?");
                    const bool good = base64Url(mac) == "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM";
                    const std::string phc = own.hashPassword("pw");
                    const bool verified = own.verifyPassword("pw", phc) && !own.verifyPassword("no", phc);
                    Json::Value claims;
                    claims["sub"] = "u";
                    const std::string token = own.signToken(claims);
                    const bool dots = std::count(token.begin(), token.end(), '.') == 2;
                    const bool random = own.random(16) != own.random(16) && own.equal("a", "a") && !own.equal("a", "b");
                    throw Error(STOA_INVALID, good && verified && dots && random ? "all is well" : "broken");
                },
                "till", "1.0.0");
        };
        try {
            fake::Host host{STOA_TEST_MANIFEST, options};
            CPPUNIT_FAIL("create went through");
        } catch (const fake::Violation& violation) {
            CPPUNIT_ASSERT_EQUAL(std::string("create failed: all is well"), std::string(violation.what()));
        }
    }

    void aDescriptorThatContradictsTheManifestIsRefused() {
        fake::Options options;
        options.entry = [](const stoa_offer* offer, const stoa_writer* refusal) {
            static stoa_plugin other;
            other = *stoa_plugin_entry(offer, refusal);
            other.version = view("0.0.9");
            return static_cast<const stoa_plugin*>(&other);
        };
        try {
            const fake::Host host{STOA_TEST_MANIFEST, options};
            CPPUNIT_FAIL("code and manifest of two versions went together");
        } catch (const fake::Violation& violation) {
            const std::string why = violation.what();
            CPPUNIT_ASSERT_MESSAGE(why, why.find("0.0.9, its manifest says till 1.0.0") != std::string::npos);
        }
    }

    void eachStepOfTheStartIsTold() {
        std::string steps;
        fake::Options options;
        options.before = [&](std::string_view step) { steps += std::string(step) + ' '; };
        fake::Host host{STOA_TEST_MANIFEST, options};
        CPPUNIT_ASSERT_EQUAL(std::string("negotiated migrated created started "), steps);
        host.stop();
        host.stop();
    }

    void mistakesAreKeptThoughTheHandlerAnswers() {
        fake::Host host{STOA_TEST_MANIFEST, {}};
        const auto mistake_of = [&](const std::string& how) {
            const fake::Answer answer = host.post("/api/v1/tills/misbehave/" + how).service("admin").send();
            CPPUNIT_ASSERT(answer.handled);
            const std::vector<std::string> mistakes = host.takeMistakes();
            return mistakes.empty() ? std::string() : mistakes.front();
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), mistake_of("unavailable"));
        CPPUNIT_ASSERT_EQUAL(std::string("a transaction is open: do the calls before it"),
                             mistake_of("call-in-transaction"));
        const std::string event = mistake_of("bad-event");
        CPPUNIT_ASSERT_MESSAGE(event, event.rfind("till.opened ", 0) == 0);
    }

private:
    class Holey final : public Plugin {
    public:
        explicit Holey(Host& host) : Plugin(host) {
            route("getTill", [](Request&) { return Response{}; });
            job("close", [](const Firing&) {});
        }
    };

    static std::string refusalOf(std::uint32_t major) {
        std::string refusal;
        const stoa_writer writer{
            sizeof(stoa_writer), 0, &refusal,
            [](const stoa_writer* self, const void* data, std::size_t size) -> stoa_status {
                static_cast<std::string*>(self->self)->append(static_cast<const char*>(data), size);
                return STOA_OK;
            }};
        const stoa_offer offer{sizeof offer, major, STOA_ABI_MINOR, 0, view("9.9")};
        const stoa_plugin* plugin = stoa_plugin_entry(&offer, &writer);
        CPPUNIT_ASSERT_EQUAL(refusal.empty(), plugin != nullptr);
        return refusal;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EntryTest);

}  // namespace
