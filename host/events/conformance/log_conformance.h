/// What every driver of the event log must do: derive, say how to open one, and register the derived suite.
#pragma once

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>
#include <vector>

#include "host/events/conformance/member.h"

namespace stoa::host::events::conformance {

class LogConformance : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LogConformance);
    CPPUNIT_TEST(recordsOfAKeyKeepOrderAndContent);
    CPPUNIT_TEST(aKeyHasThePartitionThatKafkaGivesIt);
    CPPUNIT_TEST(aTopicThatIsThereStaysAsItIs);
    CPPUNIT_TEST(onlyTheTopicsThatAreAskedForAreTold);
    CPPUNIT_TEST(publishingToAnUnknownTopicIsRefused);
    CPPUNIT_TEST(aRecordThatIsTooLargeHoldsBackOnlyItsKey);
    CPPUNIT_TEST(aNewGroupStartsAtTheBeginning);
    CPPUNIT_TEST(groupsReadIndependently);
    CPPUNIT_TEST(aRestartResumesAtTheCommittedOffset);
    CPPUNIT_TEST(whatWasNotCommittedComesAgain);
    CPPUNIT_TEST(commitsNeverGoBackwards);
    CPPUNIT_TEST(twoMembersShareThePartitions);
    CPPUNIT_TEST(aMemberThatLeavesGivesItsPartitionsUp);
    CPPUNIT_TEST(aPausedPartitionWaitsForResume);
    CPPUNIT_TEST(anotherTopicListTakesEffect);
    CPPUNIT_TEST(aRestartWithAnotherTopicListGetsItsTopics);
    CPPUNIT_TEST(browsingNeedsNoGroup);
    CPPUNIT_TEST(manyPublishersLoseNothing);
    CPPUNIT_TEST_SUITE_END_ABSTRACT();

public:
    /// CppUnit keeps every test's object until the last one has run: what is not closed here works on beside the
    /// others.
    void tearDown() override { log_.reset(); }

    void recordsOfAKeyKeepOrderAndContent();
    void aKeyHasThePartitionThatKafkaGivesIt();
    void aTopicThatIsThereStaysAsItIs();
    void onlyTheTopicsThatAreAskedForAreTold();
    void publishingToAnUnknownTopicIsRefused();
    void aRecordThatIsTooLargeHoldsBackOnlyItsKey();
    void aNewGroupStartsAtTheBeginning();
    void groupsReadIndependently();
    void aRestartResumesAtTheCommittedOffset();
    void whatWasNotCommittedComesAgain();
    void commitsNeverGoBackwards();
    void twoMembersShareThePartitions();
    void aMemberThatLeavesGivesItsPartitionsUp();
    void aPausedPartitionWaitsForResume();
    void anotherTopicListTakesEffect();
    void aRestartWithAnotherTopicListGetsItsTopics();
    void browsingNeedsNoGroup();
    void manyPublishersLoseNothing();

protected:
    /// The same log each time, as another host (`instance_id`) sees it.
    virtual std::unique_ptr<EventLog> open(const std::string& instance_id) = 0;

    /// A name that no other test uses, also when the server keeps topics between runs.
    std::string fresh(const std::string& name);
    std::string newTopic(int partitions = 4);
    void publish(const std::string& topic, const std::vector<std::pair<std::string, std::string>>& keys_and_values);
    std::unique_ptr<Member> join(const std::string& group, std::vector<std::string> topics,
                                 const std::string& instance = "host-a");
    EventLog& log();
    const std::vector<std::string>& madeTopics() const { return made_topics_; }

private:
    std::unique_ptr<EventLog> log_;
    std::vector<std::string> made_topics_;
};

}  // namespace stoa::host::events::conformance
