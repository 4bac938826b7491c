#include "host/app/host.h"

#include <utility>

#include <fmt/format.h>

#include "host/app/parts.h"
#include "host/config/config_capability.h"
#include "host/dispatch/http_capability.h"
#include "host/events/events_capability.h"
#include "host/events/plugin_events.h"
#include "host/mail/mail_capability.h"
#include "host/observe/capabilities.h"
#include "host/observe/log.h"
#include "host/outbound/client_capability.h"
#include "host/outbound/external_capability.h"
#include "host/security/crypto_capability.h"
#include "host/security/sealer.h"
#include "host/security/secret_capability.h"
#include "host/security/secrets.h"
#include "host/security/service_tokens.h"
#include "host/security/token_authenticator.h"
#include "host/sql/database.h"
#include "host/sql/sql_capability.h"
#include "host/timer/timer_capability.h"
#include "host/timer/timer_service.h"
#include "registry/open.h"

namespace stoa::host::app {
namespace {

outbound::HttpClientOptions clientOptions(const config::Outbound& from) {
    outbound::HttpClientOptions options;
    options.max_per_origin = static_cast<std::size_t>(from.max_connections);
    options.idle_timeout = from.idle_timeout;
    options.connect_timeout = from.connect_timeout;
    return options;
}

std::unique_ptr<observe::Tracer> makeTracer(const config::Config& config, const std::string& host_id,
                                            outbound::HttpClient& client, observe::Metrics& metrics) {
    observe::TraceOptions options;
    options.target = config.trace.target;
    options.ratio = config.trace.ratio;
    options.queue = static_cast<std::size_t>(config.trace.queue);
    options.host_id = host_id;
    const auto send = [&client](const std::string& url, const std::string& body) {
        const std::size_t host = url.find("//") + 2;
        const std::size_t path = url.find('/', host);
        outbound::HttpCall call;
        call.method = "POST";
        call.target = path == std::string::npos ? "/v1/traces" : url.substr(path);
        call.headers.set("Content-Type", "application/json");
        call.body = body;
        call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
        const auto outcome = client.sendAndWait(outbound::Origin::parse(url.substr(0, path)), std::move(call));
        return outcome.answered() && outcome.response.status < 300;
    };
    return std::make_unique<observe::Tracer>(options, send, &metrics);
}

security::IdentityOptions identityOptions(const config::Config& config, const std::string& host_id) {
    security::IdentityOptions options;
    options.host_id = host_id;
    options.state_dir = config.state;
    options.fleet_key = config.security.fleet_key;
    options.create_fleet_key = config.security.create_fleet_key;
    options.fleet_public = config.security.fleet_public;
    options.certificate = config.security.certificate;
    if (options.fleet_key.empty() && options.fleet_public.empty() && options.certificate.empty()) {
        // A host that was told of no fleet is one by itself.
        options.fleet_key = config.state + "/fleet.pem";
        options.create_fleet_key = true;
    }
    return options;
}

mail::MailOptions mailOptions(const config::Mail& from) {
    mail::MailOptions options;
    options.url = from.url;
    if (!from.password.empty()) {
        options.password = security::readSecret(from.password);
    }
    options.starttls = from.starttls == "required" ? mail::StartTls::kRequired
                       : from.starttls == "never"  ? mail::StartTls::kNever
                                                   : mail::StartTls::kWhenOffered;
    options.from = from.from;
    options.file = from.file;
    options.timeout = from.timeout;
    options.max_concurrent = from.max_concurrent;
    options.ca_file = from.ca_file;
    return options;
}

/// A database that no driver can open is a mistake of the configuration, whatever the plugin is like. Connects to none.
void checkDatabases(const config::Config& config) {
    for (const auto& [name, section] : config.plugins) {
        if (section.sql.empty()) {
            continue;
        }
        try {
            sql::Options options;
            options.max_connections = section.sql_connections;
            sql::Database::open(section.sql, config.state, options);
        } catch (const Error& mistake) {
            throw Error(STOA_INVALID, fmt::format("plugins.{}.sql: {}", name, mistake.what()));
        }
    }
}

/// The keys that user tokens are checked with, from whoever serves auth.
std::optional<std::string> fetchUserKeys(outbound::ServiceClient& services) {
    outbound::ServiceCall call;
    call.service = "auth";
    call.path = "/api/v1/auth/jwks";
    call.timeout = std::chrono::seconds{3};
    const outbound::Outcome outcome = services.call(std::move(call));
    if (!outcome.answered() || outcome.response.status != 200) {
        return std::nullopt;
    }
    return outcome.response.body;
}

/// Others may not find this host, or it may not find others: worth a line, and another when it is over.
void tellTrouble(const std::string& trouble) {
    if (trouble.empty()) {
        observe::info("the registry answers as it should again");
    } else {
        observe::warn("the registry does not answer as it should", {{"why", trouble}});
    }
}

}  // namespace

Host::Parts::Parts(config::Config with, std::vector<PluginFile> wanted, Reload again)
    : config(std::move(with)),
      files(std::move(wanted)),
      reload(std::move(again)),
      state(config.state, clock),
      io(std::make_shared<http::Io>(config.http.threads)),
      client(std::make_unique<outbound::HttpClient>(clientOptions(config.outbound), io)),
      tracer(makeTracer(config, state.hostId(), *client, metrics)),
      identity(identityOptions(config, state.hostId()), clock),
      sealer(security::makeSealer(identity)),
      idempotency(clock),
      signing_keys({.dir = config.security.keys.empty() ? config.state + "/keys" : config.security.keys}, clock) {
    registry::Options registry_options;
    registry_options.serve = [this](const std::string& address) { return serveRegistry(address); };
    registry_options.tell = tellTrouble;
    registry = registry::openRegistry(config.registry, *sealer, outbound::registrySend(*client), registry_options);
    service_tokens = security::makeServiceTokens(identity);
    outbound::ServiceClientOptions service_options;
    service_options.default_timeout = config.outbound.timeout;
    service_options.max_attempts = config.outbound.attempts;
    services = std::make_unique<outbound::ServiceClient>(service_options, *client, *registry, *service_tokens, metrics);
    user_keys = std::make_unique<security::JwksCache>([this] { return fetchUserKeys(*services); });
    authenticator = security::makeAuthenticator(*user_keys, identity.fleet(), clock,
                                                {config.security.issuer, config.security.audience});
    dispatch::DispatcherOptions dispatch_options{
        config.http.deadline, config.http.max_deadline, {config.http.rate_per_second, config.http.rate_burst}};
    dispatcher =
        std::make_unique<dispatch::Dispatcher>(dispatch_options, clock, *authenticator, idempotency, *tracer, metrics);
    forward = std::make_unique<outbound::Forward>(*services);
    dispatcher->setForwarder(*forward);
    const events::Retention retention{std::chrono::duration_cast<std::chrono::hours>(config.events.retention_age),
                                      config.events.retention_bytes};
    event_log = events::openEventLog(config.events.url, config.state, state.hostId(), retention);
    mailer = mail::openMailer(mailOptions(config.mail));
    plugins = std::make_unique<PluginSet>(
        Surroundings{config, state.hostId(), clock, metrics, *tracer, *event_log, idempotency, *dispatcher,
                     [this](const std::string& host, const std::string& service) { wakeHost(host, service); }},
        capabilities());
    plugins->on_change = [this] { announce(); };
    readiness = std::make_unique<plugin::WorkerPool>("readiness", plugin::WorkerPoolOptions{1, 16});
    addOperations();
    remote_upgrades = std::make_unique<RemoteUpgrades>(identity, state.epoch(), config.state, versionChanges());
    remote_upgrades->addRoutes(*dispatcher);
    const std::lock_guard lock(registry_mutex);
    may_serve_registry = true;
}

Host::Parts::~Parts() {
    {
        const std::lock_guard lock(registry_mutex);
        may_serve_registry = false;
    }
    watcher.reset();
    control.reset();
    if (!drained) {
        // The start failed halfway: whatever runs already must stop before what it stands on goes.
        plugins->shutDown(false, [] { return true; });
    }
    services->setLocal(nullptr, {});
    readiness.reset();
    server.reset();
    registry_server.reset();  // before the registry: it answers from it
    remote_upgrades.reset();
    plugins.reset();
    user_keys.reset();
    tracer.reset();
    services.reset();
    registry.reset();
    client.reset();
    io->stop();
}

std::vector<std::unique_ptr<plugin::Capability>> Host::Parts::capabilities() {
    std::vector<std::unique_ptr<plugin::Capability>> all;
    all.push_back(std::make_unique<dispatch::HttpCapability>());
    all.push_back(std::make_unique<outbound::ClientCapability>(*services));
    all.push_back(std::make_unique<outbound::ExternalCapability>(
        *client, [](const std::string& reference) { return security::readSecret(reference); }, metrics));
    all.push_back(std::make_unique<sql::SqlCapability>(
        [this](const plugin::Environment& environment) { return plugins->find(environment.service)->database(); }));
    const auto wake = [this](const std::string& service) {
        if (plugin::Service* found = plugins->find(service); found && found->events()) {
            found->events()->wake();
        }
    };
    all.push_back(std::make_unique<events::EventsCapability>(clock, wake));
    const auto wake_timers = [this](const std::string& service, std::int64_t due_us) {
        if (plugin::Service* found = plugins->find(service); found && found->timers()) {
            found->timers()->wakeFor(due_us);
        }
    };
    all.push_back(std::make_unique<timer::TimerCapability>(clock, wake_timers));
    all.push_back(mail::mailCapability(*mailer, metrics));
    all.push_back(std::make_unique<security::CryptoCapability>(passwords, signing_keys));
    all.push_back(std::make_unique<security::SecretCapability>());
    all.push_back(config::configCapability());
    all.push_back(observe::logCapability());
    all.push_back(observe::metricsCapability(metrics));
    all.push_back(observe::traceCapability(*tracer));
    all.push_back(observe::clockCapability(clock));
    all.push_back(observe::memoryCapability());
    return all;
}

Host::Host(config::Config config, std::vector<PluginFile> plugins, Reload reload)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(plugins), std::move(reload))) {}

Host::~Host() = default;

void Host::start() {
    Parts& parts = *parts_;
    checkDatabases(parts.config);
    parts.dispatcher->expectMore(true);
    parts.listen();
    for (const PluginFile& plugin : parts.files) {
        try {
            parts.plugins->load(plugin.file, plugin.exact);
        } catch (const Error& failure) {
            if (parts.config.plugins_required) {
                throw PluginFailure(fmt::format("{}: {}", plugin.file, failure.what()));
            }
            observe::error("a plugin could not be loaded; the others go on",
                           {{"file", plugin.file}, {"reason", failure.what()}});
        }
    }
    parts.expectMore(!parts.plugins->retryPending());
    parts.announce();
    parts.addCommands();
    parts.control->start();
    parts.phase = HostState::kServing;
    observe::info("the host is serving", {{"edge", std::to_string(parts.server->port(http::Listener::kEdge))},
                                          {"internal", std::to_string(parts.server->port(http::Listener::kInternal))},
                                          {"ops", std::to_string(parts.server->port(http::Listener::kOps))}});
}

void Host::watch() { parts_->watch(); }

void Host::requestStop(bool leave) { parts_->stop(leave); }

void Host::run() {
    constexpr std::chrono::milliseconds kLook{250};
    constexpr std::chrono::seconds kTidy{60};
    auto next_tidy = std::chrono::steady_clock::now() + kTidy;
    while (!parts_->waitForStop(kLook)) {
        parts_->expectMore(!parts_->plugins->retryPending());
        parts_->plugins->retireFormer();
        if (std::chrono::steady_clock::now() >= next_tidy) {
            parts_->plugins->tidy();
            next_tidy = std::chrono::steady_clock::now() + kTidy;
        }
    }
    parts_->watcher.reset();  // nothing new begins
    parts_->drain();
}

}  // namespace stoa::host::app
