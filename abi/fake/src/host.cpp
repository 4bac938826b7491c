#include <stoa/fake/host.h>

#include <fstream>
#include <sstream>

#include <stoa/json.h>

#include "world.h"
#include "writer.h"

namespace stoa::fake {

namespace {

validate::Manifest readFile(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::ostringstream content;
    content << file.rdbuf();
    if (!file) {
        throw Violation("the compiled manifest can't be read: " + path);
    }
    auto manifest = validate::parseManifest(content.str());
    if (!manifest) {
        throw Violation(path + ": " + manifest.error());
    }
    return std::move(*manifest);
}

Json::Value toJson(const Cell& cell) {
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
        return static_cast<Json::Int64>(*integer);
    }
    if (const auto* real = std::get_if<double>(&cell)) {
        return *real;
    }
    if (const auto* string = std::get_if<std::string>(&cell)) {
        return *string;
    }
    if (const auto* bytes = std::get_if<Bytes>(&cell)) {
        return bytes->data;
    }
    if (const auto* flag = std::get_if<bool>(&cell)) {
        return *flag;
    }
    return {};
}

}  // namespace

Host::Host(const std::string& manifest, Options options)
    : world_(std::make_unique<World>(readFile(manifest), std::move(options))) {}

Host::Host(validate::Manifest manifest, Options options)
    : world_(std::make_unique<World>(std::move(manifest), std::move(options))) {}

Host::~Host() = default;

void Host::restart() {
    world_->destroy();
    world_->negotiate();
    world_->create();
}

void Host::stop() {
    if (const stoa_status status = world_->destroy(); status != STOA_OK) {
        throw Violation("stop failed: " + world_->reason(status));
    }
}

std::string Host::health() {
    const Writer detail;
    const stoa_status status = world_->plugin->health(world_->instance, detail.raw());
    return status == STOA_OK || !detail.text().empty() ? detail.text() : world_->last_error;
}

Ask Host::request(std::string method, std::string_view target) { return Ask{*world_, std::move(method), target}; }

stoa_status Host::deliver(const std::string& topic, const std::string& key, Json::Value data, std::int64_t version,
                          const std::string& id) {
    if (data.isObject() && !data.isMember("aggregateVersion")) {
        data["aggregateVersion"] = static_cast<Json::Int64>(version);
    }
    if (data.isObject() && !data.isMember("timestamp")) {
        data["timestamp"] = formatTime(world_->now);
    }
    world_->last_event = Inbound{topic, key, id.empty() ? world_->newId() : id, std::move(data), version};
    return deliverAgain();
}

stoa_status Host::deliverAgain() {
    if (!world_->last_event) {
        throw Violation("nothing was delivered yet");
    }
    return world_->deliver(*world_->last_event);
}

std::vector<Published> Host::published(std::string_view topic) const {
    std::vector<Published> matching;
    for (const Published& event : world_->published) {
        if (topic.empty() || event.topic == topic) {
            matching.push_back(event);
        }
    }
    return matching;
}

std::vector<Published> Host::takePublished(std::string_view topic) {
    auto matching = published(topic);
    std::erase_if(world_->published, [&](const Published& event) { return topic.empty() || event.topic == topic; });
    return matching;
}

Time Host::now() const { return world_->now; }

int Host::advance(std::chrono::microseconds by) {
    const Time end = world_->now + by;
    int fired = world_->fireDue();
    for (auto due = world_->nextDue(); due && *due <= end; due = world_->nextDue()) {
        world_->now = std::max(world_->now, *due);
        fired += world_->fireDue();
    }
    world_->now = end;
    return fired;
}

int Host::runDue() { return world_->fireDue(); }
void Host::moveClock(std::chrono::microseconds by) { world_->now += by; }

std::vector<Timer> Host::timers() const {
    std::vector<Timer> timers;
    const Result rows = world_->database.execute(
        "SELECT name, key, payload, due_us, attempt FROM stoa_timers ORDER BY due_us, name, key");
    for (const auto& row : rows.rows) {
        timers.push_back({std::get<std::string>(row[0]), std::get<std::string>(row[1]), std::get<std::string>(row[2]),
                          fromMicros(std::get<std::int64_t>(row[3])),
                          static_cast<std::uint32_t>(std::get<std::int64_t>(row[4]))});
    }
    return timers;
}

Neighbour& Host::neighbour(const std::string& service) {
    return world_->neighbours.try_emplace(service, service).first->second;
}

Neighbour& Host::external(const std::string& endpoint) {
    return world_->endpoints.try_emplace(endpoint, endpoint).first->second;
}

const std::vector<Mail>& Host::mails() const { return world_->mails; }

void Host::failMails(stoa_status status, bool sent) {
    world_->mail_failure = status;
    world_->mail_sent = sent;
}

void Host::failCommits(int count, stoa_status status) {
    world_->commits_to_fail = count;
    world_->commit_failure = status;
}

Json::Value Host::query(std::string_view statement) const {
    const Result result = world_->database.execute(statement);
    Json::Value rows{Json::arrayValue};
    for (const auto& row : result.rows) {
        Json::Value& object = rows.append(Json::Value{Json::objectValue});
        for (std::size_t i = 0; i < row.size(); ++i) {
            object[result.columns[i]] = toJson(row[i]);
        }
    }
    return rows;
}

void Host::execute(std::string_view statement) { world_->database.execute(statement); }
const std::vector<LogLine>& Host::log() const { return world_->log; }

double Host::metric(const std::string& name) const {
    double sum = 0;
    for (const auto& [key, value] : world_->series) {
        sum += key.rfind(name + "{", 0) == 0 ? value : 0;
    }
    return sum;
}

std::vector<std::string> Host::takeMistakes() { return std::exchange(world_->mistakes, {}); }
std::string Host::lastError() const { return world_->last_error; }

}  // namespace stoa::fake
