// The plugin in plain C, loaded as a host loads it.

#include <cppunit/extensions/HelperMacros.h>
#include <dlfcn.h>

#include <string>

#include <stoa/abi/plugin.h>

#include "tests/contract/mapped.h"

namespace {

stoa_status append(const stoa_writer* writer, const void* data, size_t size) {
    static_cast<std::string*>(writer->self)->append(static_cast<const char*>(data), size);
    return STOA_OK;
}

}  // namespace

class LoadingTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LoadingTest);
    CPPUNIT_TEST(theEntryNegotiatesAndTheFileUnloads);
    CPPUNIT_TEST_SUITE_END();

public:
    void theEntryNegotiatesAndTheFileUnloads() {
        void* library = dlopen(STOA_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
        CPPUNIT_ASSERT_MESSAGE(library == nullptr ? dlerror() : "", library != nullptr);
        const auto entry = reinterpret_cast<stoa_plugin_entry_fn>(dlsym(library, "stoa_plugin_entry"));
        CPPUNIT_ASSERT(entry != nullptr);

        std::string text;
        const stoa_writer refusal{sizeof(stoa_writer), 0, &text, append};
        const stoa_offer other{sizeof(stoa_offer), STOA_ABI_MAJOR + 1, 0, 0, {"test", 4}};
        CPPUNIT_ASSERT(entry(&other, &refusal) == nullptr);
        CPPUNIT_ASSERT_EQUAL(std::string("this plugin speaks ABI 1, the host offers 2"), text);

        const stoa_offer offer{sizeof(stoa_offer), STOA_ABI_MAJOR, STOA_ABI_MINOR, 0, {"test", 4}};
        const stoa_plugin* plugin = entry(&offer, &refusal);
        CPPUNIT_ASSERT(plugin != nullptr);
        CPPUNIT_ASSERT_EQUAL(std::string("plain_c"), std::string(plugin->name.data, plugin->name.size));

        CPPUNIT_ASSERT(isMapped(STOA_TEST_PLUGIN));
        CPPUNIT_ASSERT_EQUAL(0, dlclose(library));
        CPPUNIT_ASSERT(!isMapped(STOA_TEST_PLUGIN));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LoadingTest);
