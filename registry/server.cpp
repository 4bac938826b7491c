#include "registry/server.h"

#include <random>
#include <stdexcept>
#include <utility>

#include "registry/encoding.h"

namespace stoa::registry {
namespace {

constexpr std::size_t kBodyLimit = 256 * 1024;
constexpr std::int64_t kRememberWithdrawals = 120'000;  // longer than a seal is good, so that none can be replayed

HttpAnswer problem(int status, const char* slug, const std::string& detail) {
    Json::Value value;
    value["type"] = std::string("urn:stoa:problem:") + slug;
    value["title"] = "The registry does not do that";
    value["status"] = status;
    value["detail"] = detail;
    return {status, jsonText(value)};
}

std::string randomName() {
    std::random_device source;
    return std::to_string((std::uint64_t{source()} << 32) | source());
}

}  // namespace

RegistryServer::RegistryServer(Sealer& sealer, std::chrono::milliseconds lease, std::function<std::int64_t()> clock)
    : sealer_(sealer),
      lease_(lease.count()),
      clock_(std::move(clock)),
      instance_(randomName()),
      started_(clock_()),
      last_(started_) {}

HttpAnswer RegistryServer::handle(const std::string& method, const std::string& path, const std::string& body) {
    const std::size_t question = path.find('?');
    const std::string plain = path.substr(0, question);
    if (body.size() > kBodyLimit) {
        return problem(413, "body-too-large", "a registration has at most 256 KiB");
    }
    if (plain == kHostsPath && method == "PUT") {
        return put(body);
    }
    if (plain == kHostsPath && method == "DELETE") {
        return withdraw(body);
    }
    if (plain == kDirectoryPath && method == "GET") {
        const std::string query = question == std::string::npos ? "" : path.substr(question + 1);
        return directory(query.starts_with("since=") ? query.substr(6) : "");
    }
    return problem(plain == kHostsPath || plain == kDirectoryPath ? 405 : 404, "not-found",
                   "no such part of the registry");
}

HttpAnswer RegistryServer::put(const std::string& sealed) {
    Registration registration;
    try {
        registration = sealer_.open(sealed);
    } catch (const std::exception& error) {
        return problem(403, "registration-refused", error.what());
    }
    const std::lock_guard lock(mutex_);
    const std::int64_t now = clock_();
    age(now);
    const auto gone = withdrawn_.find(registration.host_id);
    if (gone != withdrawn_.end() && registration.epoch <= gone->second.epoch) {
        return problem(409, "registration-withdrawn", "this epoch of the host has been withdrawn");
    }
    Entry& entry = hosts_[registration.host_id];
    if (registration.epoch < entry.registration.epoch) {
        return problem(409, "registration-replaced",
                       "a later start of host " + registration.host_id + " is registered: do two run under one id?");
    }
    if (entry.registration != registration) {
        entry.registration = std::move(registration);
        ++changes_;
    }
    entry.sealed = sealed;
    entry.seen = now;
    Json::Value answer;
    answer["version"] = version();
    return {200, jsonText(answer)};
}

HttpAnswer RegistryServer::withdraw(const std::string& sealed) {
    Registration last_words;
    try {
        last_words = sealer_.open(sealed);
    } catch (const std::exception& error) {
        return problem(403, "registration-refused", error.what());
    }
    if (!last_words.services.empty()) {  // somebody repeats a registration that he has seen
        return problem(403, "registration-refused", "a withdrawal names no services");
    }
    const std::lock_guard lock(mutex_);
    const std::int64_t now = clock_();
    age(now);
    const auto entry = hosts_.find(last_words.host_id);
    if (entry != hosts_.end() && entry->second.registration.epoch <= last_words.epoch) {
        hosts_.erase(entry);
        ++changes_;
    }
    Withdrawal& withdrawal = withdrawn_[last_words.host_id];
    withdrawal = {std::max(withdrawal.epoch, last_words.epoch), now};
    return {200, "{}"};
}

HttpAnswer RegistryServer::directory(const std::string& since) {
    const std::lock_guard lock(mutex_);
    age(clock_());
    if (since == version()) {
        return {304, ""};
    }
    Json::Value answer;
    answer["version"] = version();
    answer["complete"] = complete_;
    answer["hosts"] = Json::Value(Json::arrayValue);
    for (const auto& [id, entry] : hosts_) {
        answer["hosts"].append(entry.sealed);
    }
    answer["withdrawn"] = Json::Value(Json::objectValue);
    for (const auto& [id, withdrawal] : withdrawn_) {
        answer["withdrawn"][id] = Json::Int64(withdrawal.epoch);
    }
    return {200, jsonText(answer)};
}

/// Drops what has not been repeated. When nobody at all has asked for half a lease this process was not running, and
/// the hosts, whose requests wait in the socket, are not to blame.
void RegistryServer::age(std::int64_t now) {
    const std::int64_t asleep = now - last_ > lease_ / 2 ? now - last_ : 0;
    last_ = now;
    started_ += asleep;
    for (auto entry = hosts_.begin(); entry != hosts_.end();) {
        entry->second.seen += asleep;
        if (now - entry->second.seen > lease_) {
            entry = hosts_.erase(entry);
            ++changes_;
        } else {
            ++entry;
        }
    }
    std::erase_if(withdrawn_, [&](const auto& one) { return now - one.second.at > kRememberWithdrawals; });
    if (!complete_ && now - started_ > lease_) {
        complete_ = true;
        ++changes_;
    }
}

std::string RegistryServer::version() const { return instance_ + "-" + std::to_string(changes_); }

}  // namespace stoa::registry
