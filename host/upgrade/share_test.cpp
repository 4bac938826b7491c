#include "host/upgrade/share.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <string>

namespace stoa::host::upgrade {
namespace {

constexpr int kUsers = 100'000;

std::string user(int i) { return "user-" + std::to_string(i); }

class ShareTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ShareTest);
    CPPUNIT_TEST(theHashIsThePapers);
    CPPUNIT_TEST(everyBuildAnswersAlike);
    CPPUNIT_TEST(whoIsInStaysInWhenTheShareGrows);
    CPPUNIT_TEST(noneAndAll);
    CPPUNIT_TEST(theShareIsAsLargeAsAskedFor);
    CPPUNIT_TEST(servicesAndVersionsTakeOthers);
    CPPUNIT_TEST(textsDontRunIntoEachOther);
    CPPUNIT_TEST_SUITE_END();

public:
    /// Appendix A of the paper, and the lengths around a word with the same key (of the authors' list).
    void theHashIsThePapers() {
        constexpr std::uint64_t k0 = 0x0706050403020100;
        constexpr std::uint64_t k1 = 0x0f0e0d0c0b0a0908;
        std::string input;
        for (char c = 0; c < 15; ++c) {
            input += c;
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0xa129ca6149be45e5}, sipHash(k0, k1, input));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x726fdb47dd0e0e31}, sipHash(k0, k1, ""));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x93f5f5799a932462}, sipHash(k0, k1, std::string_view(input).substr(0, 8)));
    }

    /// Kept figures: a host of another build must send the same users to the new version.
    void everyBuildAnswersAlike() {
        std::string in;
        for (int i = 0; i < 40; ++i) {
            in += inShare(user(i), "order", "1.3.0", 2500) ? '1' : '0';
        }
        CPPUNIT_ASSERT_EQUAL(std::string("0000100000100000000000000100000000010000"), in);
    }

    void whoIsInStaysInWhenTheShareGrows() {
        for (int i = 0; i < 2000; ++i) {
            bool before = false;
            for (const std::uint32_t share : {1u, 10u, 100u, 500u, 1000u, 2500u, 5000u, 9999u, 10'000u}) {
                const bool now = inShare(user(i), "order", "1.3.0", share);
                CPPUNIT_ASSERT(now || !before);
                before = now;
            }
        }
    }

    void noneAndAll() {
        for (int i = 0; i < 2000; ++i) {
            CPPUNIT_ASSERT(!inShare(user(i), "order", "1.3.0", 0));
            CPPUNIT_ASSERT(inShare(user(i), "order", "1.3.0", 10'000));
        }
        CPPUNIT_ASSERT(inShare("", "", "", 10'000));
    }

    /// Within five standard deviations of the binomial, for each share.
    void theShareIsAsLargeAsAskedFor() {
        for (const std::uint32_t share : {10u, 100u, 500u, 1000u, 5000u, 9000u}) {
            int in = 0;
            for (int i = 0; i < kUsers; ++i) {
                in += inShare(user(i), "order", "1.3.0", share) ? 1 : 0;
            }
            const double p = share / 10'000.0;
            CPPUNIT_ASSERT_DOUBLES_EQUAL(p * kUsers, in, 5 * std::sqrt(p * (1 - p) * kUsers));
        }
    }

    /// Being in the one's tenth says nothing of being in the other's: a hundredth is in both.
    void servicesAndVersionsTakeOthers() {
        int versions = 0;
        int services = 0;
        for (int i = 0; i < kUsers; ++i) {
            const bool in = inShare(user(i), "order", "1.3.0", 1000);
            versions += in && inShare(user(i), "order", "1.3.1", 1000) ? 1 : 0;
            services += in && inShare(user(i), "payment", "1.3.0", 1000) ? 1 : 0;
        }
        const double spread = 5 * std::sqrt(0.01 * 0.99 * kUsers);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(0.01 * kUsers, versions, spread);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(0.01 * kUsers, services, spread);
    }

    void textsDontRunIntoEachOther() {
        int differ = 0;
        for (int i = 0; i < 1000; ++i) {
            differ += inShare(user(i) + "a", "b", "c", 5000) != inShare(user(i), "ab", "c", 5000) ? 1 : 0;
        }
        CPPUNIT_ASSERT_DOUBLES_EQUAL(500, differ, 80);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ShareTest);

}  // namespace
}  // namespace stoa::host::upgrade
