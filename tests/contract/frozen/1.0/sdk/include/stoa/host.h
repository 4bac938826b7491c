/// Everything that the host gives to a plugin.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <json/value.h>

#include <stoa/abi/clock.h>
#include <stoa/abi/config.h>
#include <stoa/abi/crypto.h>
#include <stoa/abi/draft/mail.h>
#include <stoa/abi/draft/memory.h>
#include <stoa/abi/draft/trace.h>
#include <stoa/abi/external.h>
#include <stoa/abi/log.h>
#include <stoa/abi/metrics.h>
#include <stoa/abi/plugin.h>
#include <stoa/abi/secret.h>
#include <stoa/client.h>
#include <stoa/sql.h>

namespace stoa {

/// The tables of the ABI, looked up once. A table that the host lacks is nullptr; wrappers then throw STOA_UNSUPPORTED.
class Capabilities {
public:
    explicit Capabilities(const stoa_host* host);

    const stoa_host* host;
    const stoa_http* http;
    const stoa_client* client;
    const stoa_external* external;
    const stoa_sql* sql;
    const stoa_events* events;
    const stoa_timer* timer;
    const stoa_mail* mail;
    const stoa_crypto* crypto;
    const stoa_clock* clock;
    const stoa_memory* memory;
    const stoa_config* config;
    const stoa_log* log;
    const stoa_metrics* metrics;
    const stoa_trace* trace;
    const stoa_secret* secret;

    /// Throws Error with the host's last error unless `status` is STOA_OK.
    void check(stoa_status status, std::string_view what) const;
    Time now() const;           ///< the host's clock
    std::string newId() const;  ///< UUIDv7
};

using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Log {
public:
    explicit Log(const Capabilities& capabilities) : capabilities_(capabilities) {}
    void debug(std::string_view message, LogFields fields = {}) const { write(STOA_LOG_DEBUG, message, fields); }
    void info(std::string_view message, LogFields fields = {}) const { write(STOA_LOG_INFO, message, fields); }
    void warn(std::string_view message, LogFields fields = {}) const { write(STOA_LOG_WARN, message, fields); }
    void error(std::string_view message, LogFields fields = {}) const { write(STOA_LOG_ERROR, message, fields); }

private:
    void write(std::uint32_t level, std::string_view message, LogFields fields) const;
    const Capabilities& capabilities_;
};

class Crypto {
public:
    explicit Crypto(const Capabilities& capabilities) : capabilities_(capabilities) {}
    std::string random(std::size_t bytes) const;
    std::string hashPassword(std::string_view password) const;  ///< argon2id, PHC string
    bool verifyPassword(std::string_view password, std::string_view phc) const;
    std::string signToken(const Json::Value& claims) const;                        ///< JWT, ES256
    Json::Value keySet() const;                                                    ///< JWK Set
    std::string hmacSha256(std::string_view secret, std::string_view data) const;  ///< 32 bytes; `secret` is a name
    bool equal(std::string_view a, std::string_view b) const;

private:
    const Capabilities& capabilities_;
};

/// One series; cheap to copy; keep it, don't look it up per request.
class Series {
public:
    void record(double value = 1) const { metrics_->record(series_, value); }

private:
    friend class Metrics;
    Series(const stoa_metrics* metrics, stoa_series* series) : metrics_(metrics), series_(series) {}
    const stoa_metrics* metrics_;
    stoa_series* series_;
};

class Metrics {
public:
    explicit Metrics(const Capabilities& capabilities) : capabilities_(capabilities) {}
    Series counter(std::string_view name, std::string_view help, LogFields labels = {}) const;
    Series gauge(std::string_view name, std::string_view help, LogFields labels = {}) const;
    Series histogram(std::string_view name, std::string_view help, LogFields labels = {}) const;

private:
    Series series(std::uint32_t kind, std::string_view name, std::string_view help, LogFields labels) const;
    const Capabilities& capabilities_;
};

/// A mail; see mail.h.
struct Mail {
    std::string message_id = {};  ///< a repetition has the same
    std::string to = {};
    std::string subject = {};
    std::string text = {};
    std::string html = {};  ///< may be empty
};

class Mailer {
public:
    /// `status` STOA_OK: accepted. Otherwise, with `sent`, nobody knows.
    struct Outcome {
        stoa_status status;
        bool sent;
        std::string error;
    };
    explicit Mailer(const Capabilities& capabilities) : capabilities_(capabilities) {}
    Outcome send(const Mail& mail) const;

private:
    const Capabilities& capabilities_;
};

/// One per plugin instance; shared by all of its threads.
class Host {
public:
    explicit Host(const stoa_host* host);
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    const Database& sql() const { return sql_; }
    const Client& client() const { return client_; }
    const External& external() const { return external_; }
    const Mailer& mail() const { return mail_; }
    const Crypto& crypto() const { return crypto_; }
    const Log& log() const { return log_; }
    const Metrics& metrics() const { return metrics_; }
    /// Settings of this plugin, valid for the manifest's schema, defaults filled in.
    const Json::Value& config() const { return config_; }
    std::string secret(std::string_view name) const;
    Time now() const { return capabilities_.now(); }
    std::string newId() const { return capabilities_.newId(); }  ///< UUIDv7
    const Capabilities& capabilities() const { return capabilities_; }

private:
    Capabilities capabilities_;
    Database sql_;
    Client client_;
    External external_;
    Mailer mail_;
    Crypto crypto_;
    Log log_;
    Metrics metrics_;
    Json::Value config_;
};

}  // namespace stoa
