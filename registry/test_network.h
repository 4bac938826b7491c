/// What the tests of the drivers run on: a network in memory, and seals without cryptography.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "registry/encoding.h"
#include "registry/registry.h"

namespace stoa::registry {

/// Stands for the real one in host/security: the signature is a word.
class WordSealer : public Sealer {
public:
    explicit WordSealer(std::string word = "fleet") : word_(std::move(word)) {}
    std::string seal(const Registration& registration) override {
        Json::Value value = toJson(registration);
        value["signature"] = word_;
        return jsonText(value);
    }
    Registration open(const std::string& sealed) override {
        const Json::Value value = readJson(sealed);
        if (value["signature"].asString() != word_) {
            throw std::runtime_error("not certified by this fleet");
        }
        return registrationFromJson(value);
    }

private:
    std::string word_;
};

/// Cannot read what others sealed, for a while: their clocks differ, say.
class BlindSealer : public WordSealer {
public:
    bool blind = true;
    Registration open(const std::string& sealed) override {
        if (blind) {
            throw std::runtime_error("sealed more than a minute from now");
        }
        return WordSealer::open(sealed);
    }
};

/// Hosts, the addresses at which they listen, a clock and what is broken.
class Network {
public:
    std::int64_t now = 1'000'000;
    std::map<std::string, Registry*> listening;
    std::set<std::string> dead;

    HttpAnswer send(const std::string& address, const std::string& method, const std::string& path,
                    const std::string& body) {
        const auto found = listening.find(address);
        return found == listening.end() || dead.contains(address) ? HttpAnswer{}
                                                                  : found->second->handle(method, path, body);
    }
};

}  // namespace stoa::registry
