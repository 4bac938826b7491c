/// Who runs where. Nothing above this header knows which driver stands behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stoa::registry {

struct Route {
    std::string method;
    std::string path;  ///< template
    std::vector<std::string> auth;
    bool operator==(const Route&) const = default;
};

/// One service as one host runs it.
struct Service {
    std::string name;
    std::string version;
    std::vector<std::string> resources;
    std::vector<Route> routes;
    bool operator==(const Service&) const = default;
};

/// What a host says of itself. Signed with the host key; the certificate says which services that key may speak for.
struct Registration {
    std::string host_id;
    std::string address;     ///< "127.0.0.1:34567", the internal listener
    std::int64_t epoch = 0;  ///< start of the host in microseconds: a later one replaces an earlier one
    std::vector<Service> services;
    bool more_to_come = false;  ///< of its services: it starts, or one waits for its database
    std::string certificate;    ///< compact JWS by the fleet key over the host key and its services
    bool operator==(const Registration&) const = default;
};

/// What is known now, ordered by host id. Immutable.
struct Directory {
    std::vector<Registration> hosts;
    /// False after the start, until every host, this one as well, has had the time to say what it runs, and while any
    /// of them has more to come: what is not listed may be there.
    bool complete = false;
    bool operator==(const Directory&) const = default;
};

/// Turns registrations into signed text and back; implemented by host/security. Any thread. `open` fails for a bad
/// signature, a certificate not of this fleet or of another host, a service that the certificate does not name, and a
/// seal that is older than a minute.
class Sealer {
public:
    virtual ~Sealer() = default;
    virtual std::string seal(const Registration& registration) = 0;
    /// Throws std::runtime_error with the reason.
    virtual Registration open(const std::string& sealed) = 0;
};

/// Small HTTP client that the drivers are given: they open no socket themselves. Blocking, a few seconds at most.
struct HttpAnswer {
    int status = 0;  ///< 0: no answer
    std::string body;
};
using HttpSend = std::function<HttpAnswer(const std::string& address, const std::string& method,
                                          const std::string& path, const std::string& body)>;

inline constexpr const char* kRegistryPath = "/stoa/v1/registry";          ///< and everything below it
inline constexpr const char* kRegistrationPath = "/stoa/v1/registration";  ///< this host's own, sealed

/// Any thread. Made by openRegistry (open.h).
class Registry {
public:
    virtual ~Registry() = default;
    /// Announces this host and keeps doing so (heartbeat 2 s, lease 6 s) until withdraw. Again with changed services:
    /// replaces. Never fails: what can't be reached is tried again.
    virtual void announce(const Registration& self) = 0;
    /// Tells the others at once, as far as they can be reached. Blocks for the HttpSend. This host's own directory
    /// keeps it: what still arrives here, until it has drained, is for services that still run here.
    virtual void withdraw() = 0;
    /// The last good list; never blocks. Contains this host itself from announce on.
    virtual std::shared_ptr<const Directory> directory() const = 0;
    /// `changed` runs on the registry's thread after every change of the directory.
    virtual void onChange(std::function<void()> changed) = 0;
    /// Empty, or why the list may be old.
    virtual std::string trouble() const = 0;
    virtual std::string describe() const = 0;
    /// Answers what arrives at the internal listener under kRegistryPath and at kRegistrationPath, whichever driver
    /// runs. Quick: does no network I/O. `path` holds the query, too.
    virtual HttpAnswer handle(const std::string& method, const std::string& path, const std::string& body) = 0;
};

}  // namespace stoa::registry
