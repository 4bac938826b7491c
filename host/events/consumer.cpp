#include "host/events/consumer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <stoa/time.h>

#include "host/events/consumer_runtime.h"
#include "host/events/dead_letter.h"

namespace stoa::host::events {

Consumer::Consumer(Surroundings surroundings, std::shared_ptr<const validate::Manifest> manifest,
                   const OutboxWriter& outbox, Handle handle, Submit submit, ConsumerOptions options)
    : runtime_(std::make_unique<ConsumerRuntime>(surroundings, std::move(manifest), outbox, std::move(handle),
                                                 std::move(submit), std::move(options))) {}

Consumer::~Consumer() = default;

void Consumer::start() { runtime_->start(); }
void Consumer::update(std::shared_ptr<const validate::Manifest> manifest) { runtime_->update(std::move(manifest)); }
bool Consumer::drain(Deadline deadline) { return runtime_->drain(deadline); }
void Consumer::close(bool leave) { runtime_->close(leave); }

ConsumerStatus Consumer::status() const {
    ConsumerStatus status = runtime_->status();
    try {
        const auto transaction = runtime_->surroundings().database.begin(sql::Mode::kRead);
        std::tie(status.parked, status.held) = runtime_->runner().parked().count(*transaction);
    } catch (const Error& error) {
        status.problem = error.what();
    }
    return status;
}

std::vector<TopicProgress> Consumer::progress(std::span<const TopicInfo> topics) const {
    const std::vector<std::string> wanted = runtime_->topics();
    EventLog& log = runtime_->surroundings().log;
    std::vector<TopicProgress> all;
    for (const TopicInfo& topic : topics) {
        if (std::find(wanted.begin(), wanted.end(), topic.name) == wanted.end()) {
            continue;
        }
        TopicProgress& one = all.emplace_back();
        one.committed = log.committed(runtime_->options().service, topic.name);
        one.committed.resize(topic.end.size(), -1);
        for (std::size_t i = 0; i < topic.end.size(); ++i) {
            one.lag += topic.end[i] - std::max(one.committed[i], topic.begin[i]);
        }
        one.end = topic.end;
        one.topic = topic.name;
    }
    return all;
}

std::vector<ParkedEvent> Consumer::parked(std::size_t limit) const {
    const auto transaction = runtime_->surroundings().database.begin(sql::Mode::kRead);
    std::vector<ParkedEvent> events;
    for (ParkedRow& row : runtime_->runner().parked().list(*transaction, limit)) {
        events.push_back(std::move(row));
    }
    return events;
}

void Consumer::retryParked(std::int64_t position) {
    bool found = false;
    runtime_->surroundings().database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        found =
            runtime_->runner().parked().release(transaction, position, toMicros(runtime_->surroundings().clock.now()));
    });
    if (!found) {
        throw Error(STOA_NOT_FOUND, "no event is parked at position " + std::to_string(position));
    }
    runtime_->wakeReplayer();
}

void Consumer::discardParked(std::int64_t position) {
    bool found = false;
    runtime_->surroundings().database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        found = runtime_->runner().parked().discard(transaction, position);
    });
    if (!found) {
        throw Error(STOA_NOT_FOUND, "no event is parked at position " + std::to_string(position));
    }
    runtime_->wakeReplayer();
}

std::vector<DeadLetter> Consumer::deadLetters(const std::string& topic, std::int64_t from, std::size_t limit) const {
    std::vector<DeadLetter> letters;
    const std::string name = deadLetterTopic(topic, runtime_->options().service);
    for (const Delivery& delivery : runtime_->surroundings().log.browse(name, 0, from, limit)) {
        letters.push_back(readDeadLetter(delivery));
    }
    return letters;
}

bool Consumer::redrive(const std::string& topic, int partition, std::int64_t offset) {
    const Surroundings& surroundings = runtime_->surroundings();
    const std::string name = deadLetterTopic(topic, runtime_->options().service);
    const std::vector<Delivery> found = surroundings.log.browse(name, partition, offset, 1);
    if (found.empty() || found[0].offset != offset) {
        throw Error(STOA_NOT_FOUND, name + " has no record at offset " + std::to_string(offset));
    }
    const Delivery original = originalOf(found[0]);
    const std::string id = readDeadLetter(found[0]).event_id;
    bool done_before = false;
    surroundings.database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        done_before = runtime_->runner().inbox().contains(transaction, id);
        if (!done_before) {
            runtime_->runner().parked().redrive(transaction, original, id, toMicros(surroundings.clock.now()));
        }
    });
    runtime_->wakeReplayer();
    return !done_before;
}

}  // namespace stoa::host::events
