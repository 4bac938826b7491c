#include "host/config/keys.h"

namespace stoa::host::config {
namespace {

constexpr std::int64_t kDay = 24 * 3600 * 1000;

constexpr Section kSections[] = {
    {"http", "The three listeners and what they put up with."},
    {"http.rate", "How much one client address may ask of the edge."},
    {"http.tls", "TLS on the edge; both empty: none."},
    {"outbound", "Calls to other services and to the outside."},
    {"retention", "What the embedded event log keeps (Kafka: set it there)."},
    {"outbox", "Events on their way from a plugin's database to the log."},
    {"parked", "Events whose handler failed."},
    {"inbox", "Which events a plugin has handled."},
    {"idempotency", "Answers kept for repeated requests."},
    {"security", "Who this host is, and whom it believes."},
    {"log", "What is written for people and for log collectors."},
    {"trace", "Spans, W3C Trace Context."},
    {"mail", "Where stoa.mail/1 sends to."},
    {"drain", "What a stop waits for, in this order."},
    {"upgrade", "Replacing a plugin while it serves."},
    {"upgrade.probe", "The new version is first tried in a process of its own."},
    {"control", "The socket of stoactl."},
};

constexpr Key kKeys[] = {
    {"state", Type::kText, "stoa-state", "Directory of this host: its id, keys, databases, loaded copies."},
    {"plugins_required", Type::kBool, "true",
     "true: a plugin that can't be loaded ends the host. false: the rest stays."},
    {"events", Type::kUrl, "sqlite:events.db",
     "The event log: sqlite:<file, relative to state> or kafka://host:port[,host:port][/prefix of names]."},
    {"registry", Type::kUrl,
     "embedded:", "embedded: (alone), embedded://host:port (serve there or join) or static://host:port[,host:port]."},

    {"http.edge", Type::kAddress, "127.0.0.1:8080", "For clients: plugins whose manifest says listener edge."},
    {"http.internal", Type::kAddress, "127.0.0.1:0", "For other services; port 0: any, the registry tells them."},
    {"http.ops", Type::kAddress, "127.0.0.1:8081", "Health, metrics, OpenAPI documents."},
    {"http.threads", Type::kInteger, "2", "Network threads.", "", 1, 256},
    {"http.max_connections", Type::kInteger, "10000", "Beyond: 503 and close.", "", 1, 1'000'000},
    {"http.max_header_bytes", Type::kSize, "32KiB", "Beyond: 431.", "", 1024, 1 << 20},
    {"http.max_target_bytes", Type::kSize, "8KiB", "Longer paths with query: 414.", "", 256, 1 << 20},
    {"http.header_timeout", Type::kDuration, "10s", "From the first byte of a request to the end of its head.", "", 1},
    {"http.body_timeout", Type::kDuration, "30s", "Between two reads of a body.", "", 1},
    {"http.idle_timeout", Type::kDuration, "60s", "A connection without a request.", "", 1},
    {"http.write_timeout", Type::kDuration, "30s", "A client that takes nothing is cut off.", "", 1},
    {"http.deadline", Type::kDuration, "30s", "For a request that brings none.", "", 1},
    {"http.max_deadline", Type::kDuration, "60s", "A request that brings a longer one gets this.", "", 1},
    {"http.rate.per_second", Type::kNumber, "0", "Requests a second for each address; 0: no limit.", "", 0, 1'000'000},
    {"http.rate.burst", Type::kNumber, "0", "So many at once after a quiet while.", "", 0, 1'000'000},
    {"http.tls.certificate", Type::kText, "", "PEM file: certificate and chain."},
    {"http.tls.key", Type::kText, "", "PEM file: private key."},

    {"outbound.local", Type::kChoice, "direct", "Calls to a service of this host: without a socket, or through one.",
     "direct|socket"},
    {"outbound.timeout", Type::kDuration, "5s", "Of a call when nothing else gives a deadline.", "", 1},
    {"outbound.connect_timeout", Type::kDuration, "3s", "To connect.", "", 1},
    {"outbound.idle_timeout", Type::kDuration, "30s", "Unused connections close; less than http.idle_timeout.", "", 1},
    {"outbound.stream_timeout", Type::kDuration, "30s", "Between two pieces of a streamed answer.", "", 1},
    {"outbound.attempts", Type::kInteger, "3", "Of an idempotent call, the first included.", "", 1, 10},
    {"outbound.retry_base", Type::kDuration, "50ms", "Up to this before the second attempt, doubled for each more.", "",
     1},
    {"outbound.max_connections", Type::kInteger, "64", "To one instance.", "", 1, 100'000},
    {"outbound.max_waiting", Type::kInteger, "1024", "Calls waiting for a connection to one instance.", "", 0,
     1'000'000},
    {"outbound.max_answer_bytes", Type::kSize, "16MiB", "Longer answers are refused, streamed ones excepted.", "",
     1024},
    {"outbound.ca_file", Type::kText, "", "PEM file of trusted authorities; empty: the system's."},

    {"retention.age", Type::kDuration, "7d", "Older records go.", "", 1000, 3650 * kDay},
    {"retention.bytes", Type::kSize, "1GiB", "Oldest records go beyond this.", "", 1 << 20},
    {"outbox.lease", Type::kDuration, "3s", "How long a host that died keeps its part of an outbox.", "", 100},
    {"outbox.batch", Type::kInteger, "500", "Events handed over at once.", "", 1, 10'000},
    {"parked.retries", Type::kDurations, "[1s, 10s, 60s]", "Waits before each try; then it is a dead letter."},
    {"inbox.keep", Type::kDuration, "14d", "Longer than any topic keeps its records.", "", 60'000},
    {"idempotency.keep", Type::kDuration, "24h", "", "", 60'000},

    {"security.fleet_key", Type::kText, "",
     "File of the fleet's private key: this host certifies itself. Empty: <state>/fleet.pem unless certificate is "
     "set."},
    {"security.create_fleet_key", Type::kBool, "true", "Make that file when it is missing (a fleet of one machine)."},
    {"security.fleet_public", Type::kText, "", "File of the fleet's public key, with certificate."},
    {"security.certificate", Type::kText, "", "File: the fleet's word for this host's key and services."},
    {"security.keys", Type::kText, "", "Directory of the keys that sign users' tokens; empty: <state>/keys."},
    {"security.issuer", Type::kText, "stoa-auth", "Users' tokens must come from it (iss)."},
    {"security.audience", Type::kText, "stoa", "Users' tokens must be for it (aud)."},

    {"log.level", Type::kChoice, "info", "", "debug|info|warn|error"},
    {"log.file", Type::kText, "", "Empty: standard error."},
    {"log.format", Type::kChoice, "auto", "auto: short lines at a terminal, JSON elsewhere.", "auto|json|human"},
    {"trace.target", Type::kUrl, "",
     "Empty: none. file:<path>: JSON lines. http://host:4318/v1/traces: an OTLP collector."},
    {"trace.ratio", Type::kNumber, "1.0", "Share of the traces begun here that is recorded.", "", 0, 1},
    {"trace.queue", Type::kInteger, "4096", "Spans waiting for the exporter; beyond: dropped and counted.", "", 1,
     1'000'000},

    {"mail.url", Type::kUrl, "log:", "log: (no mail leaves) or smtp://[user@]host[:port]."},
    {"mail.password", Type::kReference, "", "Secret of that user: file:, env: or credential:."},
    {"mail.starttls", Type::kChoice, "when-offered", "", "never|when-offered|required"},
    {"mail.from", Type::kText, "Stoa <no-reply@localhost>", "Sender of every mail."},
    {"mail.file", Type::kText, "", "With log: every mail whole, as a JSON line. Holds personal data."},
    {"mail.timeout", Type::kDuration, "10s", "For each answer of the server.", "", 1},
    {"mail.max_concurrent", Type::kInteger, "4", "Connections to the server at once.", "", 1, 1000},
    {"mail.ca_file", Type::kText, "", "PEM file of trusted authorities; empty: the system's."},

    {"drain.settle", Type::kDuration, "4s", "Serving on after de-registration: two registry periods."},
    {"drain.requests", Type::kDuration, "30s", "Requests in flight; then they are cut off."},
    {"drain.events", Type::kDuration, "10s", "Handlers of events and timers."},
    {"drain.outbox", Type::kDuration, "10s", "Events that are not yet handed to the log."},
    {"upgrade.window", Type::kDuration, "60s", "The old version stays, started and idle, for a rollback at once."},
    {"upgrade.drain", Type::kDuration, "10s", "Work inside the old version; then that version is parked."},
    {"upgrade.health", Type::kDuration, "10s", "Until the new version is healthy; then it is refused."},
    {"upgrade.probe.timeout", Type::kDuration, "10s", "For the whole of it; then the new version is refused.", "", 1},
    {"upgrade.probe.memory", Type::kSize, "1GiB", "Address space of the process in which it runs."},
    {"upgrade.memory_growth", Type::kSize, "64MiB",
     "What a canary may grow by in 5 s; beyond, it is withdrawn. 0: it is not looked at."},
    {"upgrade.max_parked", Type::kInteger, "3", "Parked versions of one plugin; beyond, upgrades are refused.", "", 1,
     100},
    {"control.socket", Type::kText, "", "Empty: <state>/control.sock. Mode 0600."},

    {"plugins.*.file", Type::kText, "", "The .so to load; --plugin does the same."},
    {"plugins.*.sql", Type::kUrl, "sqlite:<name>_db.sqlite",
     "sqlite:<file, relative to state> or postgresql://user@host:port/database."},
    {"plugins.*.sql_password", Type::kReference, "", "Secret of that user."},
    {"plugins.*.sql_connections", Type::kInteger, "8", "Connections at most.", "", 1, 1000},
    {"plugins.*.workers", Type::kInteger, "4", "Threads on which its code runs; a quarter of them runs only requests.",
     "", 1, 256},
    {"plugins.*.queue", Type::kInteger, "512", "Requests and events that wait for them; beyond: 503.", "", 1, 100'000},
    {"plugins.*.event_timeout", Type::kDuration, "30s", "Of one try to handle an event.", "", 1},
    {"plugins.*.timer_timeout", Type::kDuration, "30s", "Of one try to handle a timer.", "", 1},
    {"plugins.*.memory_limit", Type::kSize, "0",
     "Of all that a generation holds; beyond, stoa.memory/1 refuses. 0: none."},
    {"plugins.*.on_poison", Type::kChoice, "manifest", "After a dead letter its key goes on, or waits for an operator.",
     "manifest|skip|hold"},
    {"plugins.*.settings", Type::kObject, "{}", "Its own; its manifest says which."},
    {"plugins.*.external.*.url", Type::kUrl, "", "An endpoint outside that stoa.external/1 may ask."},
    {"plugins.*.external.*.bearer", Type::kReference, "", "Secret sent as its bearer token."},
    {"plugins.*.external.*.timeout_ms", Type::kInteger, "10000", "Milliseconds.", "", 1, 600'000},
    {"plugins.*.secrets.*", Type::kReference, "", "A secret that its code may read by this name."},
};

}  // namespace

std::span<const Key> keys() { return kKeys; }

std::span<const Section> sections() { return kSections; }

}  // namespace stoa::host::config
