#include "host/memory/account.h"

#include <cppunit/extensions/HelperMacros.h>

#include <json/value.h>

#include <limits>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <stoa/json.h>

#include "host/memory/block.h"
#include "host/plugin/testing.h"

namespace stoa::host::memory {
namespace {

std::uintptr_t addressOf(const void* block) { return reinterpret_cast<std::uintptr_t>(block); }

class AccountTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AccountTest);
    CPPUNIT_TEST(blocksAreAlignedAndCountedByTheByte);
    CPPUNIT_TEST(whatIsTooLargeIsRefused);
    CPPUNIT_TEST(whoeverFreesTheOneWhoAllocatedIsDischarged);
    CPPUNIT_TEST(manyThreadsAddUp);
    CPPUNIT_TEST(aClosedAccountLivesAsLongAsItsBlocks);
    CPPUNIT_TEST(scopesNest);
    CPPUNIT_TEST(newAndDeleteOfAllFormsAreCounted);
    CPPUNIT_TEST(whatALibraryAllocatesInAPluginsScopeIsThePlugins);
    CPPUNIT_TEST(aPluginThatLeaksShowsUp);
    CPPUNIT_TEST_SUITE_END();

    std::shared_ptr<Account> account_ = open({"order", "1.2.0", 7});

    /// Sanitizers own `operator new`: then there is nothing of it to count.
    static bool counts() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        CPPUNIT_ASSERT(!countsOperatorNew());
        return false;
#else
        CPPUNIT_ASSERT(countsOperatorNew());
        return true;
#endif
    }

public:
    void blocksAreAlignedAndCountedByTheByte() {
        std::vector<void*> blocks;
        std::int64_t expected = 0;
        for (const std::size_t alignment : {1u, 8u, 16u, 32u, 64u, 4096u}) {
            for (const std::size_t size : {1u, 15u, 16u, 1000u}) {
                blocks.push_back(allocate(size, alignment, account_.get()));
                CPPUNIT_ASSERT_EQUAL(std::uintptr_t{0}, addressOf(blocks.back()) % alignment);
                std::fill_n(static_cast<char*>(blocks.back()), size, 'x');
                expected += static_cast<std::int64_t>(size);
                CPPUNIT_ASSERT_EQUAL(expected, account_->inUse());
            }
        }
        for (void* block : blocks) {
            release(block);
        }
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, account_->inUse());
        void* nothing = allocate(0, 1, account_.get());
        CPPUNIT_ASSERT(nothing != nullptr && account_->inUse() == 1);
        release(nothing);
        release(nullptr);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, account_->inUse());
    }

    void whatIsTooLargeIsRefused() {
        CPPUNIT_ASSERT(allocate(std::numeric_limits<std::size_t>::max() - 8, 16, account_.get()) == nullptr);
        CPPUNIT_ASSERT(allocate(1, std::size_t{1} << 63, account_.get()) == nullptr);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, account_->inUse());
    }

    void whoeverFreesTheOneWhoAllocatedIsDischarged() {
        const auto other = open({"payment", "1.0.0", 8});
        void* block = allocate(100, 16, account_.get());
        std::thread([&] {
            const Scope scope(other.get());
            release(block);
        }).join();
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, account_->inUse());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, other->inUse());
    }

    void manyThreadsAddUp() {
        constexpr int kThreads = 20;  // more than there are counts
        constexpr int kBlocks = 5000;
        std::vector<std::vector<void*>> blocks(kThreads);
        const auto on_each = [&](auto work) {
            std::vector<std::thread> threads;
            threads.reserve(kThreads);
            for (int i = 0; i < kThreads; ++i) {
                threads.emplace_back([&, i] { work(i); });
            }
            for (std::thread& thread : threads) {
                thread.join();
            }
        };
        on_each([&](int i) {
            for (int k = 0; k < kBlocks; ++k) {
                blocks[i].push_back(allocate(static_cast<std::size_t>(k % 64), 16, account_.get()));
                if (k % 4 == 0) {
                    release(blocks[i].back());
                    blocks[i].pop_back();
                }
            }
        });
        std::int64_t expected = 0;
        for (int k = 0; k < kBlocks; ++k) {
            expected += k % 4 == 0 ? 0 : k % 64;  // no block of 0 bytes is among the kept ones: 64 is a multiple of 4
        }
        CPPUNIT_ASSERT_EQUAL(kThreads * expected, account_->inUse());
        on_each([&](int i) {  // each frees what another thread has allocated
            for (void* block : blocks[(i + 1) % kThreads]) {
                release(block);
            }
        });
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, account_->inUse());
    }

    void aClosedAccountLivesAsLongAsItsBlocks() {
        const std::size_t before = accounts().size();
        const std::int64_t left = leftBehind();
        auto account = open({"order", "1.3.0", 9});
        CPPUNIT_ASSERT_EQUAL(before + 1, accounts().size());
        CPPUNIT_ASSERT_EQUAL(std::string("1.3.0"), accounts().back()->owner().version);
        void* block = allocate(100, 16, account.get());
        account.reset();
        CPPUNIT_ASSERT_EQUAL(before, accounts().size());
        CPPUNIT_ASSERT_EQUAL(left + 100, leftBehind());
        release(block);
        CPPUNIT_ASSERT_EQUAL(left, leftBehind());
    }

    void scopesNest() {
        CPPUNIT_ASSERT(currentAccount() == nullptr);
        {
            const Scope plugin(account_.get());
            {
                const HostScope host;
                CPPUNIT_ASSERT(currentAccount() == nullptr);
            }
            CPPUNIT_ASSERT(currentAccount() == account_.get());
            std::thread([] { CPPUNIT_ASSERT(currentAccount() == nullptr); }).join();
        }
        CPPUNIT_ASSERT(currentAccount() == nullptr);
    }

    void newAndDeleteOfAllFormsAreCounted() {
        if (!counts()) {
            return;
        }
        struct alignas(128) Wide {
            char bytes[256];
        };
        std::int64_t most = 0;
        {
            const Scope scope(account_.get());
            const auto one = std::make_unique<std::array<char, 100>>();
            const auto wide = std::make_unique<Wide>();
            const auto wides = std::make_unique<Wide[]>(3);
            const std::unique_ptr<char[]> quiet(new (std::nothrow) char[50]);
            const std::unique_ptr<Wide> quiet_wide(new (std::nothrow) Wide);
            CPPUNIT_ASSERT_EQUAL(std::uintptr_t{0}, addressOf(wide.get()) % 128);
            CPPUNIT_ASSERT_EQUAL(std::uintptr_t{0}, addressOf(wides.get()) % 128);
            CPPUNIT_ASSERT_EQUAL(std::uintptr_t{0}, addressOf(quiet_wide.get()) % 128);
            most = account_->inUse();
        }
        CPPUNIT_ASSERT_EQUAL(std::int64_t{100 + 5 * 256 + 50}, most);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, account_->inUse());
        volatile std::size_t too_large = std::numeric_limits<std::size_t>::max() / 2;
        CPPUNIT_ASSERT_THROW(static_cast<void>(::operator new(too_large)), std::bad_alloc);
        CPPUNIT_ASSERT(::operator new(too_large, std::nothrow) == nullptr);
    }

    void whatALibraryAllocatesInAPluginsScopeIsThePlugins() {
        if (!counts()) {
            return;
        }
        Json::Value document;
        std::string text;
        {
            const Scope scope(account_.get());
            document = parseJson(R"({"lines": [{"sku": "a-long-enough-name-for-the-heap", "quantity": 2}]})").value();
            text.assign(1000, 'x');
        }
        CPPUNIT_ASSERT(account_->inUse() > 1000 + 31);
        document = Json::Value();  // libjsoncpp and libstdc++ free it, outside of the scope
        std::string().swap(text);  // an assignment would keep the room
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, account_->inUse());
    }

    void aPluginThatLeaksShowsUp() {
        const std::int64_t left = leftBehind();
        plugin::testing::Plugins plugins(STOA_TEST_PLUGIN, nullptr);
        if (!counts()) {
            return;
        }
        auto generation = plugins.generation();
        const auto in_use = [&] { return generation->environment().account->inUse(); };
        const std::int64_t started = in_use();
        CPPUNIT_ASSERT(started > 1 << 20);
        for (int i = 0; i < 50; ++i) {
            CPPUNIT_ASSERT_EQUAL(std::string(), generation->health());
        }
        CPPUNIT_ASSERT_EQUAL(started + 50'000, in_use());
        CPPUNIT_ASSERT(generation->retire());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{50'000}, in_use());
        generation.reset();
        CPPUNIT_ASSERT_EQUAL(left + 50'000, leftBehind());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AccountTest);

}  // namespace
}  // namespace stoa::host::memory
