// remove_topics KAFKA PREFIX: deletes the topics whose names begin with PREFIX, which no fleet uses any more.

#include <exception>
#include <iostream>

#include "host/events/kafka/stack/broker_topics.h"

namespace kafka = stoa::host::events::kafka;

int main(int count, char** words) {
    if (count != 3 || *words[2] == '\0') {
        std::cerr << "usage: remove_topics KAFKA PREFIX\n";
        return 2;
    }
    try {
        kafka::removeTopics(words[1], kafka::topicsThatBeginWith(words[1], words[2]));
        return 0;
    } catch (const std::exception& failure) {
        std::cerr << "remove_topics: " << failure.what() << '\n';
        return 1;
    }
}
