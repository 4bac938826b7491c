/// For the tests of this folder: a fleet of hosts in a folder of its own, an auth service's key, and hand-made tokens.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <stoa/base64.h>
#include <stoa/json.h>

#include "host/base/clock.h"
#include "host/security/jwks_cache.h"
#include "host/security/jwt.h"
#include "host/security/keys.h"

namespace stoa::host::security {

class TestFolder {
public:
    TestFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "stoa-security-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TestFolder() { std::filesystem::remove_all(path_); }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    std::string path_;
};

/// Hosts that share a fleet key.
struct TestFleet {
    TestFolder folder;
    Clock clock;

    IdentityOptions options(const std::string& host_id, std::vector<std::string> services) const {
        IdentityOptions options;
        options.host_id = host_id;
        options.state_dir = folder / host_id;
        options.fleet_key = folder / "fleet.pem";
        options.create_fleet_key = true;
        options.services = std::move(services);
        return options;
    }
    std::unique_ptr<HostIdentity> host(const std::string& host_id, std::vector<std::string> services) const {
        return std::make_unique<HostIdentity>(options(host_id, std::move(services)), clock);
    }
};

inline Json::Value json(const std::string& text) { return parseJson(text).value(); }

/// A compact JWS of any two texts; with no key the signature is empty.
inline std::string handmade(std::string_view header, std::string_view payload, const PrivateKey* key) {
    const std::string text = base64Url(header) + "." + base64Url(payload);
    return text + "." + (key ? base64Url(key->sign(text)) : "");
}

inline std::string jwksOf(const PrivateKey& key, const std::string& kid) {
    Json::Value jwk = key.publicKey().jwk();
    jwk["kid"] = kid;
    jwk["alg"] = "ES256";
    jwk["use"] = "sig";
    Json::Value set;
    set["keys"].append(jwk);
    return writeJson(set);
}

template <typename Condition>
void waitUntil(Condition&& condition) {
    while (!condition()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace stoa::host::security
