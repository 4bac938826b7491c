#include "host/memory/heap.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>
#include <memory>

#include <malloc.h>

namespace stoa::host::memory {
namespace {

using Block = std::unique_ptr<void, decltype(&std::free)>;

Block take(std::size_t bytes) {
    Block block{std::malloc(bytes), &std::free};
    CPPUNIT_ASSERT(block != nullptr);
    return block;
}

/// Sanitizers have a heap of their own.
class HeapTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HeapTest);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CPPUNIT_TEST(aLargeBlockIsTheKernelsAgainAlsoAfterALargerOne);
    CPPUNIT_TEST(whatTheEnvironmentSetsStays);
#endif
    CPPUNIT_TEST_SUITE_END();

    static std::size_t mapped() { return mallinfo2().hblks; }

public:
    void aLargeBlockIsTheKernelsAgainAlsoAfterALargerOne() {
        limitHeaps();
        take(20 << 20).reset();  // after this one, an untold malloc keeps blocks of up to 20 MiB
        const std::size_t before = mapped();
        Block block = take(1 << 20);
        CPPUNIT_ASSERT_EQUAL(before + 1, mapped());
        block.reset();
        CPPUNIT_ASSERT_EQUAL(before, mapped());
    }

    void whatTheEnvironmentSetsStays() {
        mallopt(M_MMAP_THRESHOLD, 4 << 20);
        setenv("MALLOC_MMAP_THRESHOLD_", "4194304", 1);
        limitHeaps();
        unsetenv("MALLOC_MMAP_THRESHOLD_");
        const std::size_t before = mapped();
        const Block block = take(1 << 20);
        CPPUNIT_ASSERT_EQUAL(before, mapped());
        limitHeaps();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HeapTest);

}  // namespace
}  // namespace stoa::host::memory
