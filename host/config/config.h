/// The host's configuration: defaults < host.yaml < plugins.d/<name>.yaml < what `stoactl config set` was told <
/// environment < flags, typed and checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <json/value.h>

namespace stoa::host::config {

using Milliseconds = std::chrono::milliseconds;

/// sysexits.h EX_CONFIG: what the host exits with when load() throws.
constexpr int kExitCode = 78;

struct Address {
    std::string host;
    std::uint16_t port = 0;  ///< 0: any free one
    std::string text() const;
};

struct Http {
    Address edge, internal, ops;
    int threads;
    std::int64_t max_connections, max_header_bytes, max_target_bytes;
    Milliseconds header_timeout, body_timeout, idle_timeout, write_timeout;
    Milliseconds deadline;               ///< of a request that brings none
    Milliseconds max_deadline;           ///< of a request that brings a longer one
    double rate_per_second, rate_burst;  ///< per client address on the edge; 0: no limit
    std::string tls_certificate, tls_key;
};

struct Outbound {
    std::string local;  ///< "direct" or "socket"
    Milliseconds timeout, connect_timeout, idle_timeout, stream_timeout;
    int attempts;
    Milliseconds retry_base;
    std::int64_t max_connections;  ///< to one instance of a service
    std::int64_t max_waiting;
    std::int64_t max_answer_bytes;
    std::string ca_file;
};

struct Log {
    std::string level;   ///< "debug", "info", "warn", "error"
    std::string file;    ///< empty: standard error
    std::string format;  ///< "auto" (people at a terminal, else json), "json", "human"
};

struct Trace {
    std::string target;  ///< see observe::TraceOptions
    double ratio;
    std::int64_t queue;
};

struct Security {
    std::string fleet_key;     ///< file of the fleet's private key; empty: certified by `certificate`
    bool create_fleet_key;     ///< make it when it is missing
    std::string fleet_public;  ///< file
    std::string certificate;   ///< file
    std::string keys;          ///< directory of the signing keys; empty: <state>/keys
    std::string issuer, audience;
    std::string plugin_keys;  ///< public keys that sign plugins, files and folders by commas; empty: none is checked
    std::string unsigned_plugins;  ///< "auto" (refused when there are plugin_keys), "allow" or "refuse"
};

struct Events {
    std::string url;  ///< key `events`
    Milliseconds retention_age;
    std::int64_t retention_bytes;
    Milliseconds outbox_lease;
    int outbox_batch;
    std::vector<Milliseconds> retries;  ///< waits before a parked event is tried again
    Milliseconds inbox_keep;
    Milliseconds idempotency_keep;
};

struct Drain {
    Milliseconds settle;    ///< serving on after de-registration
    Milliseconds requests;  ///< for requests in flight, then they are cut off
    Milliseconds events;    ///< for handlers of events and timers
    Milliseconds outbox;    ///< for rows of the outbox
};

struct Upgrade {
    Milliseconds window;  ///< for which a replaced version stays warm
    Milliseconds drain;   ///< after which it counts as parked
    Milliseconds health;  ///< for the new one
    Milliseconds probe_timeout;
    std::int64_t probe_memory;   ///< bytes of address space
    std::int64_t memory_growth;  ///< bytes that a canary may grow by in 5 s; 0: any
    int max_parked;
};

struct Mail {
    std::string url;
    std::string password;  ///< reference, or empty
    std::string starttls;  ///< "never", "when-offered" or "required"
    std::string from, file, ca_file;
    Milliseconds timeout;
    int max_concurrent;
};

struct External {
    std::string url;
    std::string bearer;  ///< reference, or empty
    Milliseconds timeout;
};

/// One section `plugins.<name>`.
struct Plugin {
    std::string name;
    std::string file;  ///< the .so; empty: not loaded by the configuration
    std::string sql;
    std::string sql_password;  ///< reference
    int sql_connections;
    int workers;
    int queue;
    Milliseconds event_timeout, timer_timeout;
    std::int64_t memory_limit;  ///< bytes, 0: none
    std::string on_poison;      ///< "manifest" (what it says), "skip" or "hold"
    std::map<std::string, External> external;
    std::map<std::string, std::string> secrets;  ///< name → reference
    Json::Value settings;                        ///< object; checked by whoever has the manifest
    /// The whole section for plugin::Environment::config: key names as in host.yaml, durations as milliseconds, sizes
    /// as bytes, references as text.
    Json::Value section;
};

/// Where a value came from.
struct Value {
    std::string path;    ///< "http.edge"
    std::string text;    ///< as shown to people: references for secrets
    std::string origin;  ///< "default", "host.yaml:12", "plugins.d/order.yaml:3", "STOA_EVENTS", "--listen"
};

struct Config {
    std::string file;            ///< host.yaml that was read, or empty
    std::string state;           ///< directory
    std::string control_socket;  ///< empty: <state>/control.sock
    bool plugins_required;
    std::string registry;
    Http http;
    Outbound outbound;
    Log log;
    Trace trace;
    Security security;
    Events events;
    Drain drain;
    Upgrade upgrade;
    Mail mail;
    std::map<std::string, Plugin> plugins;  ///< those that any layer names
    std::vector<Value> values;              ///< every value with its origin, by path

    /// The section of a plugin, or defaults when no layer names it.
    Plugin plugin(const std::string& name) const;
};

/// A value given on the command line.
struct Flag {
    std::string name;  ///< "--listen", for messages
    std::string path;  ///< "http.edge"
    std::string value;
};

struct Sources {
    std::string file;  ///< host.yaml; empty: none. plugins.d/ is looked for beside it
    std::vector<std::pair<std::string, std::string>> environment;  ///< all of it; only STOA_… is looked at
    std::vector<Flag> flags;
};

/// One or more mistakes, a line each: place, key, what it is, what was expected, and the nearest known key.
class ConfigError : public std::runtime_error {
public:
    explicit ConfigError(const std::vector<std::string>& mistakes);
    const std::vector<std::string>& mistakes() const { return mistakes_; }

private:
    std::vector<std::string> mistakes_;
};

/// Reads every layer; throws ConfigError with all mistakes at once.
Config load(const Sources& sources);
/// Where `stoactl config set` keeps what it was told, <name>.yaml for each plugin: between plugins.d and the
/// environment.
std::filesystem::path overridesIn(const std::string& state);
/// This process's environment, for Sources.
std::vector<std::pair<std::string, std::string>> processEnvironment();

/// `host config --write-default`: conf/host.yaml, every key at its default with its description.
std::string defaultFile();
/// `host config --explain`: a line for each value: path, value, origin.
std::string explain(const Config& config);

}  // namespace stoa::host::config
