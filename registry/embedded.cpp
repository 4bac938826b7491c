#include "registry/embedded.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "registry/encoding.h"

namespace stoa::registry {
namespace {

const Registration* find(const std::vector<Registration>& all, const std::string& host_id) {
    const auto found = std::ranges::find(all, host_id, &Registration::host_id);
    return found == all.end() ? nullptr : &*found;
}

std::string reason(const HttpAnswer& answer) {
    try {
        return readJson(answer.body)["detail"].asString();
    } catch (const std::exception&) {
        return "status " + std::to_string(answer.status);
    }
}

}  // namespace

EmbeddedRegistry::EmbeddedRegistry(std::string address, Sealer& sealer, HttpSend send, Options options)
    : PolledRegistry(sealer, std::move(send), std::move(options)), address_(std::move(address)) {
    if (address_.empty()) {
        setOthers({}, true);
    }
    start();
}

EmbeddedRegistry::~EmbeddedRegistry() { stop(); }

std::string EmbeddedRegistry::describe() const {
    if (address_.empty()) {
        return "embedded, this host alone";
    }
    return "embedded at " + address_ + (server() ? ", served by this host" : "");
}

HttpAnswer EmbeddedRegistry::handle(const std::string& method, const std::string& path, const std::string& body) {
    const auto serving = server();
    return serving && path.starts_with(kRegistryPath) ? serving->handle(method, path, body)
                                                      : PolledRegistry::handle(method, path, body);
}

void EmbeddedRegistry::refresh() {
    if (address_.empty()) {
        return;
    }
    serveIfFirst();
    if (sendHeartbeat()) {
        fetchList();
    }
    const auto me = self();
    if (reached_ && me && !find(known_, me->host_id)) {  // the server forgot us, or is another one than before
        registered_.reset();
        if (sendHeartbeat()) {
            fetchList();
        }
    }
}

void EmbeddedRegistry::depart(const Registration& self) {
    if (address_.empty()) {
        return;
    }
    Registration last_words = self;
    last_words.services.clear();
    const HttpAnswer answer = ask("DELETE", kHostsPath, sealer_.seal(last_words));
    if (answer.status != 200) {
        throw std::runtime_error(answer.status == 0 ? "no answer from " + address_ : reason(answer));
    }
}

HttpAnswer EmbeddedRegistry::ask(const std::string& method, const std::string& path, const std::string& body) {
    const auto serving = server();
    return serving ? serving->handle(method, path, body) : send_(address_, method, path, body);
}

std::shared_ptr<RegistryServer> EmbeddedRegistry::server() const {
    const std::lock_guard lock(server_mutex_);
    return server_;
}

void EmbeddedRegistry::serveIfFirst() {
    if (reached_ || server()) {
        return;
    }
    const auto me = self();
    if ((me && me->address == address_) || (options_.serve && options_.serve(address_))) {
        const std::lock_guard lock(server_mutex_);
        server_ = std::make_shared<RegistryServer>(sealer_, options_.lease, options_.clock);
    }
}

/// False when there is nobody to talk to.
bool EmbeddedRegistry::sendHeartbeat() {
    const auto me = self();
    if (!me) {
        registered_.reset();
        return true;
    }
    if (registered_ == me && now() - last_heartbeat_ < options_.heartbeat.count()) {
        return true;
    }
    const HttpAnswer answer = ask("PUT", kHostsPath, sealedSelf());
    reached_ = answer.status != 0;
    if (!reached_) {
        setTrouble("the registry at " + address_ + " does not answer; the list is the last good one");
        return false;
    }
    last_heartbeat_ = now();
    if (answer.status != 200) {
        registered_.reset();
        throw std::runtime_error("the registry at " + address_ + " refused this host: " + reason(answer));
    }
    registered_ = me;
    return true;
}

void EmbeddedRegistry::fetchList() {
    const HttpAnswer answer = ask("GET", std::string(kDirectoryPath) + "?since=" + version_, "");
    reached_ = answer.status != 0;
    if (answer.status == 304) {
        setTrouble("");
    } else if (answer.status == 200) {
        setTrouble("");
        take(readJson(answer.body));
    } else {
        setTrouble("the registry at " + address_ + " does not answer properly; the list is the last good one");
    }
}

void EmbeddedRegistry::take(const Json::Value& answer) {
    std::vector<Registration> next;
    bool all_read = true;
    for (const Json::Value& sealed : answer["hosts"]) {
        try {
            const Registration registration = sealer_.open(sealed.asString());
            const Registration* before = find(known_, registration.host_id);
            next.push_back(before && before->epoch > registration.epoch ? *before : registration);
        } catch (const std::exception& error) {
            all_read = false;
            setTrouble(std::string("a registration was passed over: ") + error.what());
        }
    }
    const bool complete = answer["complete"].asBool();
    if (!complete) {
        const Json::Value& withdrawn = answer["withdrawn"];
        for (const Registration& before : known_) {
            const bool gone =
                withdrawn[before.host_id].isInt64() && withdrawn[before.host_id].asInt64() >= before.epoch;
            if (!gone && !find(next, before.host_id)) {
                next.push_back(before);
            }
        }
    }
    // What could not be read now is asked for again: its next seal may be good.
    version_ = all_read ? answer["version"].asString() : "";
    known_ = next;
    setOthers(std::move(next), complete);
}

}  // namespace stoa::registry
