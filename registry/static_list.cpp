#include "registry/static_list.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

namespace stoa::registry {

StaticRegistry::StaticRegistry(std::vector<std::string> addresses, Sealer& sealer, HttpSend send, Options options)
    : PolledRegistry(sealer, std::move(send), std::move(options)), addresses_(std::move(addresses)) {
    for (const std::string& address : addresses_) {
        peers_[address];
    }
    start();
}

StaticRegistry::~StaticRegistry() { stop(); }

std::string StaticRegistry::describe() const {
    std::string all = "static:";
    for (const std::string& address : addresses_) {
        all += " " + address;
    }
    return all;
}

/// Every peer is asked on a thread of its own, so that a dead one does not let the others grow old.
void StaticRegistry::refresh() {
    if (now() < next_) {
        return;
    }
    next_ = now() + options_.heartbeat.count();
    const auto me = self();
    std::map<std::string, HttpAnswer> answers;
    for (const auto& [address, peer] : peers_) {
        if (!me || address != me->address) {
            answers[address];
        }
    }
    {
        std::vector<std::jthread> asking;
        asking.reserve(answers.size());
        for (auto& answer : answers) {
            asking.emplace_back([this, &answer] { answer.second = send_(answer.first, "GET", kRegistrationPath, ""); });
        }
    }
    std::map<std::string, Registration> latest;
    std::string trouble;
    bool complete = true;
    for (const auto& [address, answer] : answers) {
        Peer& peer = peers_[address];
        learn(peer, address, answer);
        trouble += peer.trouble;
        complete = complete && peer.heard;
        if (peer.known) {
            Registration& one = latest[peer.known->host_id];
            one = peer.known->epoch >= one.epoch ? *peer.known : one;
        }
    }
    std::vector<Registration> others;
    others.reserve(latest.size());
    for (auto& [id, one] : latest) {
        others.push_back(std::move(one));
    }
    setTrouble(std::move(trouble));
    setOthers(std::move(others), complete || now() - started_ > options_.lease.count());
}

void StaticRegistry::depart(const Registration&) {}

void StaticRegistry::learn(Peer& peer, const std::string& address, const HttpAnswer& answer) {
    peer.trouble.clear();
    if (answer.status == 200) {
        try {
            Registration registration = sealer_.open(answer.body);
            const bool replayed =
                peer.known && peer.known->host_id == registration.host_id && peer.known->epoch > registration.epoch;
            if (!replayed) {
                peer.known = std::move(registration);
                peer.seen = now();
                peer.heard = true;
                return;
            }
            peer.trouble = address + " answered with an earlier start; ";
        } catch (const std::exception& error) {
            peer.trouble = address + " was passed over: " + error.what() + "; ";
        }
    } else if (answer.status == 410) {
        peer.known.reset();
        peer.heard = true;
        return;
    } else {
        peer.trouble = address + (answer.status == 0 ? " does not answer; " : " is not ready; ");
    }
    if (now() - peer.seen > options_.lease.count()) {
        peer.known.reset();
    }
}

}  // namespace stoa::registry
