// The conformance suite on a real broker: STOA_TEST_KAFKA=host:port.

#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>

#include "host/events/conformance/log_conformance.h"
#include "host/events/kafka/kafka_log.h"

namespace stoa::host::events::kafka {

class KafkaLogConformance : public conformance::LogConformance {
    CPPUNIT_TEST_SUB_SUITE(KafkaLogConformance, conformance::LogConformance);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        const char* address = std::getenv("STOA_TEST_KAFKA");
        CPPUNIT_ASSERT_MESSAGE("STOA_TEST_KAFKA is not set: ./dev stack up starts a broker and says where it is",
                               address);
        address_ = address;
    }

protected:
    std::unique_ptr<EventLog> open(const std::string& instance_id) override {
        return openKafkaLog(address_, instance_id);
    }

private:
    std::string address_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(KafkaLogConformance);

}  // namespace stoa::host::events::kafka
