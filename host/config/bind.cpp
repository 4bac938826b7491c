#include "host/config/values.h"

namespace stoa::host::config {
namespace {

Http bindHttp(const Values& v) {
    Http http{};
    http.edge = v.address("http.edge");
    http.internal = v.address("http.internal");
    http.ops = v.address("http.ops");
    http.threads = v.small("http.threads");
    http.max_connections = v.integer("http.max_connections");
    http.max_header_bytes = v.integer("http.max_header_bytes");
    http.max_target_bytes = v.integer("http.max_target_bytes");
    http.header_timeout = v.duration("http.header_timeout");
    http.body_timeout = v.duration("http.body_timeout");
    http.idle_timeout = v.duration("http.idle_timeout");
    http.write_timeout = v.duration("http.write_timeout");
    http.deadline = v.duration("http.deadline");
    http.max_deadline = v.duration("http.max_deadline");
    http.rate_per_second = v.number("http.rate.per_second");
    http.rate_burst = v.number("http.rate.burst");
    http.tls_certificate = v.text("http.tls.certificate");
    http.tls_key = v.text("http.tls.key");
    return http;
}

Outbound bindOutbound(const Values& v) {
    Outbound outbound{};
    outbound.local = v.text("outbound.local");
    outbound.timeout = v.duration("outbound.timeout");
    outbound.connect_timeout = v.duration("outbound.connect_timeout");
    outbound.idle_timeout = v.duration("outbound.idle_timeout");
    outbound.stream_timeout = v.duration("outbound.stream_timeout");
    outbound.attempts = v.small("outbound.attempts");
    outbound.retry_base = v.duration("outbound.retry_base");
    outbound.max_connections = v.integer("outbound.max_connections");
    outbound.max_waiting = v.integer("outbound.max_waiting");
    outbound.max_answer_bytes = v.integer("outbound.max_answer_bytes");
    outbound.ca_file = v.text("outbound.ca_file");
    return outbound;
}

Security bindSecurity(const Values& v) {
    Security security{};
    security.fleet_key = v.text("security.fleet_key");
    security.create_fleet_key = v.boolean("security.create_fleet_key");
    security.fleet_public = v.text("security.fleet_public");
    security.certificate = v.text("security.certificate");
    security.keys = v.text("security.keys");
    security.issuer = v.text("security.issuer");
    security.audience = v.text("security.audience");
    security.plugin_keys = v.text("security.plugin_keys");
    security.unsigned_plugins = v.text("security.unsigned_plugins");
    return security;
}

Events bindEvents(const Values& v) {
    Events events{};
    events.url = v.text("events");
    events.retention_age = v.duration("retention.age");
    events.retention_bytes = v.integer("retention.bytes");
    events.outbox_lease = v.duration("outbox.lease");
    events.outbox_batch = v.small("outbox.batch");
    events.retries = v.durations("parked.retries");
    events.inbox_keep = v.duration("inbox.keep");
    events.idempotency_keep = v.duration("idempotency.keep");
    return events;
}

Upgrade bindUpgrade(const Values& v) {
    Upgrade upgrade{};
    upgrade.window = v.duration("upgrade.window");
    upgrade.drain = v.duration("upgrade.drain");
    upgrade.health = v.duration("upgrade.health");
    upgrade.probe_timeout = v.duration("upgrade.probe.timeout");
    upgrade.probe_memory = v.integer("upgrade.probe.memory");
    upgrade.memory_growth = v.integer("upgrade.memory_growth");
    upgrade.max_parked = v.small("upgrade.max_parked");
    return upgrade;
}

Mail bindMail(const Values& v) {
    Mail mail{};
    mail.url = v.text("mail.url");
    mail.password = v.text("mail.password");
    mail.starttls = v.text("mail.starttls");
    mail.from = v.text("mail.from");
    mail.file = v.text("mail.file");
    mail.ca_file = v.text("mail.ca_file");
    mail.timeout = v.duration("mail.timeout");
    mail.max_concurrent = v.small("mail.max_concurrent");
    return mail;
}

/// plugins.<name> as one object, defaults filled in.
Json::Value section(const Values& v, const std::string& name) {
    Json::Value whole(Json::objectValue);
    for (const Key& key : keys()) {
        const Path pattern = splitPath(key.path);
        if (pattern[0] != "plugins") {
            continue;
        }
        const std::string root = "plugins." + name + ".";
        const std::string& group = pattern[2];
        if (pattern.size() == 3) {
            whole[group] = key.type == Type::kObject ? v.object(root + group) : v.value(root + group);
            continue;
        }
        whole[group] = whole.get(group, Json::objectValue);
        for (const std::string& item : v.names({"plugins", name, group})) {
            const std::string path = root + group + "." + item;
            if (pattern.size() == 4) {
                whole[group][item] = v.value(path);
            } else {
                whole[group][item][pattern[4]] = v.value(path + "." + pattern[4]);
            }
        }
    }
    return whole;
}

void show(const Values& v, Config& config) {
    for (const Key& key : keys()) {
        if (std::string_view(key.path).find('*') == std::string_view::npos) {
            config.values.push_back(v.shown(splitPath(key.path)));
        }
    }
}

void showPlugin(const Values& v, const std::string& name, Config& config) {
    for (const Key& key : keys()) {
        Path path = splitPath(key.path);
        if (path[0] == "plugins" && path.size() == 3 && key.type != Type::kObject) {
            path[1] = name;
            config.values.push_back(v.shown(path));
        }
    }
    for (const auto& [path, entry] : v.layers().entries()) {
        if (path.size() > 3 && path[0] == "plugins" && path[1] == name) {
            config.values.push_back(v.shown(path));
        }
    }
}

}  // namespace

Plugin bindPlugin(const Values& v, const std::string& name) {
    const std::string root = "plugins." + name + ".";
    Plugin plugin{};
    plugin.name = name;
    plugin.file = v.text(root + "file");
    plugin.sql = v.text(root + "sql");
    plugin.sql_password = v.text(root + "sql_password");
    plugin.sql_connections = v.small(root + "sql_connections");
    plugin.workers = v.small(root + "workers");
    plugin.queue = v.small(root + "queue");
    plugin.event_timeout = v.duration(root + "event_timeout");
    plugin.timer_timeout = v.duration(root + "timer_timeout");
    plugin.memory_limit = v.integer(root + "memory_limit");
    plugin.on_poison = v.text(root + "on_poison");
    plugin.settings = v.object(root + "settings");
    for (const std::string& endpoint : v.names({"plugins", name, "external"})) {
        const std::string path = root + "external." + endpoint + ".";
        plugin.external[endpoint] = {v.text(path + "url"), v.text(path + "bearer"), v.duration(path + "timeout_ms")};
    }
    for (const std::string& secret : v.names({"plugins", name, "secrets"})) {
        plugin.secrets[secret] = v.text(root + "secrets." + secret);
    }
    plugin.section = section(v, name);
    return plugin;
}

Config bind(const Values& v) {
    Config config{};
    config.state = v.text("state");
    config.control_socket = v.text("control.socket");
    if (config.control_socket.empty()) {
        config.control_socket = config.state + "/control.sock";
    }
    config.plugins_required = v.boolean("plugins_required");
    config.registry = v.text("registry");
    config.http = bindHttp(v);
    config.outbound = bindOutbound(v);
    config.log = {v.text("log.level"), v.text("log.file"), v.text("log.format")};
    config.trace = {v.text("trace.target"), v.number("trace.ratio"), v.integer("trace.queue")};
    config.security = bindSecurity(v);
    config.events = bindEvents(v);
    config.drain = {v.duration("drain.settle"), v.duration("drain.requests"), v.duration("drain.events"),
                    v.duration("drain.outbox")};
    config.upgrade = bindUpgrade(v);
    config.mail = bindMail(v);
    show(v, config);
    for (const std::string& name : v.names({"plugins"})) {
        config.plugins[name] = bindPlugin(v, name);
        showPlugin(v, name, config);
    }
    return config;
}

}  // namespace stoa::host::config
