/// The list of the embedded driver, as the host that serves it keeps it. No socket: requests in, answers out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include <json/value.h>

#include "registry/registry.h"

namespace stoa::registry {

inline constexpr const char* kHostsPath = "/stoa/v1/registry/hosts";
inline constexpr const char* kDirectoryPath = "/stoa/v1/registry/directory";

/// PUT    kHostsPath   sealed registration: 200, 403 not certified, 409 a later epoch is known
/// DELETE kHostsPath   sealed registration without services: 200
/// GET    kDirectoryPath?since=VERSION: 304, or 200 {version, complete, hosts: [sealed …], withdrawn: […]}
///
/// It passes the sealed texts on as they came, so a client believes the hosts and not the server. For one lease after
/// its start the list is not `complete`: clients keep whom they knew, since those hosts may only not have come yet.
/// Any thread.
class RegistryServer {
public:
    /// `clock`: monotonic milliseconds.
    RegistryServer(Sealer& sealer, std::chrono::milliseconds lease, std::function<std::int64_t()> clock);
    HttpAnswer handle(const std::string& method, const std::string& path, const std::string& body);

private:
    struct Entry {
        std::string sealed;
        Registration registration;
        std::int64_t seen = 0;
    };
    struct Withdrawal {
        std::int64_t epoch = 0;
        std::int64_t at = 0;
    };

    HttpAnswer put(const std::string& sealed);
    HttpAnswer withdraw(const std::string& sealed);
    HttpAnswer directory(const std::string& since);
    void age(std::int64_t now);
    std::string version() const;

    Sealer& sealer_;
    const std::int64_t lease_;
    std::function<std::int64_t()> clock_;
    std::mutex mutex_;
    const std::string instance_;  ///< random: versions of two servers never meet
    std::int64_t started_;
    std::int64_t last_;  ///< the last request
    bool complete_ = false;
    std::uint64_t changes_ = 0;
    std::map<std::string, Entry> hosts_;
    std::map<std::string, Withdrawal> withdrawn_;
};

}  // namespace stoa::registry
