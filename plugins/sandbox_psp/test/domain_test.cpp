// What each token does, without a host.

#include <cppunit/extensions/HelperMacros.h>

#include "domain.h"

namespace {

using namespace sandbox_psp;

class DomainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DomainTest);
    CPPUNIT_TEST(theTokenDecidesTheAuthorisation);
    CPPUNIT_TEST(moneyIsCapturedOnceAndVoidedOnlyBefore);
    CPPUNIT_TEST(refundsEndAtWhatWasCaptured);
    CPPUNIT_TEST(theFirstRefundMayBeRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    static std::string reasonOf(Payment& payment, Type type, std::int64_t amount) {
        Operation operation;
        operation.type = type;
        operation.amount = amount;
        decide(payment, operation);
        CPPUNIT_ASSERT_EQUAL(operation.done, operation.reason.empty());
        return operation.reason;
    }
    static Payment authorized(const std::string& token) {
        Payment payment;
        payment.token = token;
        payment.amount = 100;
        reasonOf(payment, Type::kAuthorize, 100);
        return payment;
    }

    void theTokenDecidesTheAuthorisation() {
        for (const char* token : {"tok_ok", "tok_slow", "tok_timeout_approved", "tok_error_approved"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(token, std::string("authorized"), authorized(token).status);
            CPPUNIT_ASSERT_EQUAL(std::int64_t{100}, authorized(token).authorized);
        }
        for (const char* token : {"tok_declined", "tok_insufficient", "tok_timeout_declined", "nonsense", "tok_o"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(token, std::string("declined"), authorized(token).status);
            CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, authorized(token).authorized);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("insufficient_funds"), authorized("tok_insufficient").decline_reason);
    }

    void moneyIsCapturedOnceAndVoidedOnlyBefore() {
        Payment payment = authorized("tok_ok");
        CPPUNIT_ASSERT_EQUAL(std::string("more_than_authorized"), reasonOf(payment, Type::kCapture, 101));
        CPPUNIT_ASSERT_EQUAL(std::string(), reasonOf(payment, Type::kCapture, 100));
        CPPUNIT_ASSERT_EQUAL(std::string("not_authorized"), reasonOf(payment, Type::kCapture, 100));
        CPPUNIT_ASSERT_EQUAL(std::string("not_authorized"), reasonOf(payment, Type::kVoid, 0));
        payment = authorized("tok_ok");
        CPPUNIT_ASSERT_EQUAL(std::string(), reasonOf(payment, Type::kVoid, 0));
        CPPUNIT_ASSERT_EQUAL(std::string("not_authorized"), reasonOf(payment, Type::kCapture, 100));
        payment = authorized("tok_capture_fails");
        CPPUNIT_ASSERT_EQUAL(std::string("capture_refused"), reasonOf(payment, Type::kCapture, 100));
        CPPUNIT_ASSERT_EQUAL(std::string(), reasonOf(payment, Type::kVoid, 0));
    }

    void refundsEndAtWhatWasCaptured() {
        Payment payment = authorized("tok_ok");
        CPPUNIT_ASSERT_EQUAL(std::string("more_than_captured"), reasonOf(payment, Type::kRefund, 1));
        reasonOf(payment, Type::kCapture, 100);
        CPPUNIT_ASSERT_EQUAL(std::string(), reasonOf(payment, Type::kRefund, 60));
        CPPUNIT_ASSERT_EQUAL(std::string("partially_refunded"), payment.status);
        CPPUNIT_ASSERT_EQUAL(std::string("more_than_captured"), reasonOf(payment, Type::kRefund, 41));
        CPPUNIT_ASSERT_EQUAL(std::string(), reasonOf(payment, Type::kRefund, 40));
        CPPUNIT_ASSERT_EQUAL(std::string("refunded"), payment.status);
    }

    void theFirstRefundMayBeRefused() {
        Payment payment = authorized("tok_refund_fails_once");
        reasonOf(payment, Type::kCapture, 100);
        CPPUNIT_ASSERT_EQUAL(std::string("try_again_later"), reasonOf(payment, Type::kRefund, 100));
        CPPUNIT_ASSERT_EQUAL(std::string(), reasonOf(payment, Type::kRefund, 100));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DomainTest);

}  // namespace
