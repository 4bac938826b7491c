#include "host/events/prefixed_log.h"

#include <algorithm>
#include <cctype>

namespace stoa::host::events {
namespace {

using Partitions = std::vector<std::pair<std::string, int>>;

/// "<prefix>." before names on the way out, and off again on the way in.
class Prefix {
public:
    explicit Prefix(std::string text) : text_(std::move(text)) {}

    std::string on(const std::string& name) const { return text_ + name; }
    std::vector<std::string> on(std::vector<std::string> names) const {
        for (std::string& name : names) {
            name.insert(0, text_);
        }
        return names;
    }
    std::string off(const std::string& name) const {
        return name.starts_with(text_) ? name.substr(text_.size()) : name;
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

class PrefixedSubscription final : public Subscription {
public:
    PrefixedSubscription(Prefix prefix, std::unique_ptr<Subscription> inner)
        : prefix_(std::move(prefix)), inner_(std::move(inner)) {}

    std::optional<Delivery> poll(std::chrono::milliseconds wait) override {
        auto delivery = inner_->poll(wait);
        if (delivery) {
            delivery->record.topic = prefix_.off(delivery->record.topic);
        }
        return delivery;
    }
    void commit(const std::string& topic, int partition, std::int64_t next_offset) override {
        inner_->commit(prefix_.on(topic), partition, next_offset);
    }
    void pause(const std::string& topic, int partition) override { inner_->pause(prefix_.on(topic), partition); }
    void resume(const std::string& topic, int partition) override { inner_->resume(prefix_.on(topic), partition); }
    void setTopics(std::vector<std::string> topics) override { inner_->setTopics(prefix_.on(std::move(topics))); }
    void close(bool leave) override { inner_->close(leave); }

private:
    Prefix prefix_;
    std::unique_ptr<Subscription> inner_;
};

class PrefixedLog final : public EventLog {
public:
    PrefixedLog(Prefix prefix, std::unique_ptr<EventLog> inner)
        : prefix_(std::move(prefix)), inner_(std::move(inner)) {}

    void ensureTopics(std::span<const TopicSpec> topics) override {
        std::vector<TopicSpec> named(topics.begin(), topics.end());
        for (TopicSpec& topic : named) {
            topic.name = prefix_.on(topic.name);
        }
        inner_->ensureTopics(named);
    }
    std::vector<stoa_status> publish(std::span<const Record> records) override {
        std::vector<Record> named(records.begin(), records.end());
        for (Record& record : named) {
            record.topic = prefix_.on(record.topic);
        }
        return inner_->publish(named);
    }
    std::unique_ptr<Subscription> subscribe(SubscriptionOptions options) override {
        options.group = prefix_.on(options.group);
        options.topics = prefix_.on(std::move(options.topics));
        options.on_revoke = withoutPrefix(std::move(options.on_revoke));
        options.on_assign = withoutPrefix(std::move(options.on_assign));
        return std::make_unique<PrefixedSubscription>(prefix_, inner_->subscribe(std::move(options)));
    }
    std::vector<TopicInfo> topics(const std::vector<std::string>& names) override {
        std::vector<TopicInfo> found = inner_->topics(prefix_.on(names));
        for (TopicInfo& topic : found) {
            topic.name = prefix_.off(topic.name);
        }
        return found;
    }
    std::vector<Delivery> browse(const std::string& topic, int partition, std::int64_t from,
                                 std::size_t limit) override {
        auto found = inner_->browse(prefix_.on(topic), partition, from, limit);
        for (Delivery& delivery : found) {
            delivery.record.topic = topic;
        }
        return found;
    }
    std::vector<std::int64_t> committed(const std::string& group, const std::string& topic) override {
        return inner_->committed(prefix_.on(group), prefix_.on(topic));
    }
    std::string describe() const override { return inner_->describe() + " (" + prefix_.text() + "*)"; }

private:
    std::function<void(const Partitions&)> withoutPrefix(std::function<void(const Partitions&)> told) const {
        if (!told) {
            return told;
        }
        return [prefix = prefix_, told = std::move(told)](const Partitions& partitions) {
            Partitions named = partitions;
            for (auto& [topic, partition] : named) {
                topic = prefix.off(topic);
            }
            told(named);
        };
    }

    Prefix prefix_;
    std::unique_ptr<EventLog> inner_;
};

bool isPrefix(const std::string& text) {
    constexpr std::size_t kLongest = 40;
    return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
    });
}

}  // namespace

std::unique_ptr<EventLog> withPrefix(std::string prefix, std::unique_ptr<EventLog> log) {
    if (!isPrefix(prefix)) {
        throw Error(STOA_INVALID, "events: the prefix \"" + prefix + "\" must have 1 to 40 letters, digits, - or _");
    }
    return std::make_unique<PrefixedLog>(Prefix(prefix + "."), std::move(log));
}

}  // namespace stoa::host::events
