/// Hosts on a network in memory, each with a registry of the driver that a derived suite makes.
#pragma once

#include <cppunit/TestFixture.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "registry/polled.h"
#include "registry/test_network.h"

namespace stoa::registry {

struct Host {
    Registration registration;
    std::unique_ptr<PolledRegistry> registry;
    int changes = 0;
    std::vector<std::string> troubles;  ///< as they were told

    std::vector<std::string> sees() const {
        std::vector<std::string> all;
        const auto directory = registry->directory();
        for (const Registration& one : directory->hosts) {
            all.push_back(one.host_id + "/" + one.services.front().version);
        }
        return all;
    }
};

inline Registration registration(const std::string& id, int number, std::int64_t epoch, const std::string& version) {
    Registration one;
    one.host_id = id;
    one.address = "10.0.0." + std::to_string(number) + ":9000";
    one.epoch = epoch;
    one.services.push_back({"order", version, {"orders"}, {{"GET", "/api/v1/orders/{id}", {"user"}}}});
    return one;
}

class DriverFixture : public CppUnit::TestFixture {
public:
    void setUp() override {
        network_ = Network{};
        hosts_.clear();
    }
    void tearDown() override { hosts_.clear(); }

protected:
    virtual std::unique_ptr<PolledRegistry> make(const std::string& address, Sealer& sealer, Options options) = 0;

    Host& host(const std::string& id) { return *hosts_.at(id); }

    void start(const std::string& id, int number, std::int64_t epoch = 1, const std::string& version = "1.0.0") {
        start(id, number, epoch, version, sealer_);
    }
    void start(const std::string& id, int number, std::int64_t epoch, const std::string& version, Sealer& sealer) {
        auto one = std::make_unique<Host>();
        one->registration = registration(id, number, epoch, version);
        Host* const raw = one.get();
        Options options;
        options.thread = false;
        options.heartbeat = heartbeat_;
        options.clock = [this] { return network_.now; };
        options.serve = [this, raw](const std::string& address) {
            return !network_.dead.contains(address) &&
                   network_.listening.try_emplace(address, raw->registry.get()).second;
        };
        options.tell = [raw](const std::string& trouble) { raw->troubles.push_back(trouble); };
        one->registry = make(one->registration.address, sealer, options);
        one->registry->onChange([raw] { ++raw->changes; });
        network_.listening[one->registration.address] = one->registry.get();
        one->registry->announce(one->registration);
        hosts_[id] = std::move(one);
    }

    /// Like kill -9: it listens no more and says nothing.
    void kill(const std::string& id) {
        std::erase_if(network_.listening, [&](const auto& one) { return one.second == host(id).registry.get(); });
        hosts_.erase(id);
    }

    void run(std::int64_t milliseconds) {
        for (std::int64_t passed = 0; passed < milliseconds; passed += 250) {
            network_.now += 250;
            for (const auto& [id, one] : hosts_) {
                one->registry->step();
            }
        }
    }

    HttpSend send() {
        return [this](const std::string& address, const std::string& method, const std::string& path,
                      const std::string& body) { return network_.send(address, method, path, body); };
    }

    Network network_;
    WordSealer sealer_;
    WordSealer forger_{"forged"};
    std::chrono::milliseconds heartbeat_{2000};
    std::map<std::string, std::unique_ptr<Host>> hosts_;
};

}  // namespace stoa::registry
