// What stoactl asks a running host.

#include <map>
#include <set>
#include <span>

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/app/parts.h"
#include "host/base/version.h"
#include "host/events/dead_letter.h"
#include "host/events/plugin_events.h"
#include "host/security/keys.h"

namespace stoa::host::app {
namespace {

using control::CommandError;
using control::Progress;
using control::Turn;

Json::Value number(std::int64_t value) { return Json::Value(static_cast<Json::Int64>(value)); }
Json::Value number(std::uint64_t value) { return Json::Value(static_cast<Json::UInt64>(value)); }

std::string_view nameOf(HostState state) {
    switch (state) {
        case HostState::kStarting:
            return "starting";
        case HostState::kServing:
            return "serving";
        case HostState::kDraining:
            return "draining";
    }
    return "unknown";
}

Json::Value pluginRow(const plugin::GenerationReport& report) {
    Json::Value row;
    row["name"] = report.name;
    row["version"] = report.version;
    row["generation"] = number(report.generation);
    row["state"] = report.state;
    row["since"] = formatTime(fromMicros(report.since_us));
    row["requests"] = number(report.requests);
    row["errors"] = number(report.errors);
    row["in_flight"] = number(report.in_flight);
    row["memory_bytes"] = number(report.memory_bytes);
    row["waits_for"] = Json::Value(Json::arrayValue);
    if ((report.state == "draining" || report.state == "parked") && report.in_flight > 0) {
        row["waits_for"].append(fmt::format("{} handlers", report.in_flight));
    }
    if (report.until_us > 0) {
        row["waits_for"].append("rollback until " + formatTime(fromMicros(report.until_us)));
    }
    return row;
}

Json::Value pluginRows(PluginSet& plugins) {
    Json::Value rows(Json::arrayValue);
    for (plugin::Service* service : plugins.services()) {
        for (const plugin::GenerationReport& report : service->report()) {
            rows.append(pluginRow(report));
        }
    }
    for (const auto& [name, why] : plugins.problems()) {
        if (plugin::Service* service = plugins.find(name); why.empty() || (service && service->manifest())) {
            continue;
        }
        Json::Value row = pluginRow({name, "", "waiting"});
        row["waits_for"].append(why);
        rows.append(row);
    }
    return rows;
}

Json::Value routeRows(PluginSet& plugins) {
    Json::Value rows(Json::arrayValue);
    for (plugin::Service* service : plugins.services()) {
        const auto manifest = service->manifest();
        for (const validate::Route& route : manifest ? manifest->routes : std::vector<validate::Route>{}) {
            Json::Value row;
            row["listener"] = manifest->listener;
            row["method"] = route.method;
            row["path"] = route.path;
            row["service"] = manifest->name;
            row["operation"] = route.operation;
            for (const std::string& auth : route.auth) {
                row["auth"].append(auth);
            }
            rows.append(std::move(row));
        }
    }
    return rows;
}

/// What the services of this host publish, read, and give up on.
std::vector<std::string> topicNames(PluginSet& plugins) {
    std::vector<std::string> names;
    for (plugin::Service* service : plugins.services()) {
        const auto manifest = service->manifest();
        if (!service->events() || !manifest) {
            continue;
        }
        for (const validate::Publication& publication : manifest->publishes) {
            names.push_back(publication.topic);
        }
        for (const validate::Subscription& subscription : manifest->subscribes) {
            names.push_back(subscription.topic);
            names.push_back(events::deadLetterTopic(subscription.topic, service->name()));
        }
    }
    return names;
}

/// Topic → who reads it, and how far behind each is.
std::map<std::string, Json::Value> groupsOf(PluginSet& plugins, std::span<const events::TopicInfo> topics) {
    std::map<std::string, Json::Value> groups;
    for (plugin::Service* service : plugins.services()) {
        if (!service->events()) {
            continue;
        }
        for (const events::TopicProgress& progress : service->events()->consumer().progress(topics)) {
            Json::Value group;
            group["group"] = service->name();
            group["lag"] = number(progress.lag);
            groups[progress.topic].append(std::move(group));
        }
    }
    return groups;
}

Json::Value topicRows(PluginSet& plugins, events::EventLog& log) {
    Json::Value rows(Json::arrayValue);
    const std::vector<events::TopicInfo> topics = log.topics(topicNames(plugins));
    const auto groups = groupsOf(plugins, topics);
    for (const events::TopicInfo& topic : topics) {
        Json::Value row;
        std::int64_t records = 0;
        for (std::size_t i = 0; i < topic.end.size(); ++i) {
            records += topic.end[i] - topic.begin[i];
        }
        row["name"] = topic.name;
        row["partitions"] = number(static_cast<std::uint64_t>(topic.end.size()));
        row["records"] = number(records);
        const auto found = groups.find(topic.name);
        row["groups"] = found == groups.end() ? Json::Value(Json::arrayValue) : found->second;
        rows.append(std::move(row));
    }
    return rows;
}

/// The consumer of the plugin that the arguments name.
events::Consumer& consumerOf(PluginSet& plugins, const Json::Value& arguments) {
    const std::string name = textOr(arguments, "service");
    plugin::Service* service = plugins.find(name);
    if (!service || !service->events()) {
        throw CommandError("not_found", fmt::format("this host runs no service \"{}\" with events", name),
                           "`stoactl plugins` lists what it runs");
    }
    return service->events()->consumer();
}

Json::Value parkedRows(PluginSet& plugins) {
    constexpr std::size_t kLimit = 1000;
    Json::Value rows(Json::arrayValue);
    for (plugin::Service* service : plugins.services()) {
        if (!service->events()) {
            continue;
        }
        for (const events::ParkedEvent& event : service->events()->consumer().parked(kLimit)) {
            Json::Value row;
            row["service"] = service->name();
            row["topic"] = event.topic;
            row["key"] = event.key;
            row["event_id"] = event.event_id;
            row["tries"] = number(event.attempts);
            row["next_try"] = event.held ? "held" : formatTime(fromMicros(event.due_us));
            row["reason"] = event.reason;
            row["position"] = number(event.position);
            rows.append(std::move(row));
        }
    }
    return rows;
}

Json::Value letterRow(const std::string& service, const events::DeadLetter& letter, bool whole) {
    Json::Value row;
    row["service"] = service;
    row["topic"] = letter.topic;
    row["partition"] = letter.partition;
    row["offset"] = number(letter.offset);
    row["id"] = fmt::format("{}/{}/{}/{}", service, letter.topic, letter.partition, letter.offset);
    row["event_id"] = letter.event_id;
    row["key"] = letter.key;
    row["reason"] = letter.reason;
    row["tries"] = number(letter.attempts);
    row["time"] = formatTime(fromMicros(letter.time_us));
    if (whole) {
        row["data"] = letter.data;
        for (const auto& [name, value] : letter.headers) {
            row["headers"][name] = value;
        }
    }
    return row;
}

/// The topics that hold anything: most dead-letter topics are empty, and reading one takes a connection of its own.
std::set<std::string> filledTopics(events::EventLog& log, const std::vector<std::string>& names) {
    std::set<std::string> filled;
    for (events::TopicInfo& topic : log.topics(names)) {
        if (topic.begin != topic.end) {
            filled.insert(std::move(topic.name));
        }
    }
    return filled;
}

template <class Each>
void forEachLetter(PluginSet& plugins, events::EventLog& log, const Json::Value& arguments, Each&& each) {
    constexpr std::size_t kLimit = 1000;
    const std::string only = textOr(arguments, "service");
    const std::set<std::string> filled = filledTopics(log, topicNames(plugins));
    for (plugin::Service* service : plugins.services()) {
        const auto manifest = service->manifest();
        if (!service->events() || !manifest || (!only.empty() && only != service->name())) {
            continue;
        }
        for (const validate::Subscription& subscription : manifest->subscribes) {
            if (!filled.contains(events::deadLetterTopic(subscription.topic, service->name()))) {
                continue;
            }
            for (const auto& letter : service->events()->consumer().deadLetters(subscription.topic, 0, kLimit)) {
                each(*service, letter);
            }
        }
    }
}

/// "service/topic/partition/offset", as `dlq list` shows it; by event id, too.
bool isMeant(const Json::Value& arguments, const std::string& service, const events::DeadLetter& letter) {
    const std::string id = textOr(arguments, "id");
    return id == letter.event_id || id == letterRow(service, letter, false)["id"].asString();
}

Json::Value deadLetters(PluginSet& plugins, events::EventLog& log, const Json::Value& arguments) {
    Json::Value rows(Json::arrayValue);
    forEachLetter(plugins, log, arguments, [&](plugin::Service& service, const events::DeadLetter& letter) {
        rows.append(letterRow(service.name(), letter, false));
    });
    return rows;
}

Json::Value deadLetter(PluginSet& plugins, events::EventLog& log, const Json::Value& arguments) {
    Json::Value found;
    forEachLetter(plugins, log, arguments, [&](plugin::Service& service, const events::DeadLetter& letter) {
        if (isMeant(arguments, service.name(), letter)) {
            found = letterRow(service.name(), letter, true);
        }
    });
    if (found.isNull()) {
        throw CommandError("not_found", "there is no such dead letter", "`stoactl dlq list` shows their ids");
    }
    return found;
}

Json::Value redrive(PluginSet& plugins, events::EventLog& log, const Json::Value& arguments) {
    std::uint64_t meant = 0;
    std::uint64_t driven = 0;
    const bool all = arguments["all"].isBool() && arguments["all"].asBool();
    forEachLetter(plugins, log, arguments, [&](plugin::Service& service, const events::DeadLetter& letter) {
        if (all || isMeant(arguments, service.name(), letter)) {
            ++meant;
            driven += service.events()->consumer().redrive(letter.topic, letter.partition, letter.offset) ? 1 : 0;
        }
    });
    if (meant == 0 && !all) {
        throw CommandError("not_found", "there is no such dead letter", "`stoactl dlq list` shows their ids");
    }
    Json::Value result;
    result["redriven"] = number(driven);
    result["already_done"] = number(meant - driven);
    return result;
}

Json::Value configRows(const config::Config& config) {
    Json::Value rows(Json::arrayValue);
    for (const config::Value& value : config.values) {
        Json::Value row;
        row["path"] = value.path;
        row["value"] = value.text;
        row["origin"] = value.origin;
        rows.append(std::move(row));
    }
    return rows;
}

}  // namespace

void Host::Parts::addCommands() {
    control::ServerOptions options;
    options.path = config.control_socket;
    control = std::make_unique<control::Server>(options);
    const auto anytime = [this](const std::string& name, auto command) {
        control->add(
            name, [command](const Json::Value& arguments, Progress&) { return Json::Value(command(arguments)); },
            Turn::kAnytime);
    };
    anytime("status", [this](const Json::Value&) { return status(); });
    anytime("plugins", [this](const Json::Value&) { return pluginRows(*plugins); });
    anytime("routes", [this](const Json::Value&) { return routeRows(*plugins); });
    anytime("topics", [this](const Json::Value&) { return topicRows(*plugins, *event_log); });
    anytime("parked", [this](const Json::Value&) { return parkedRows(*plugins); });
    anytime("parked retry", [this](const Json::Value& arguments) {
        consumerOf(*plugins, arguments).retryParked(arguments["position"].asInt64());
        return Json::Value(Json::objectValue);
    });
    anytime("parked discard", [this](const Json::Value& arguments) {
        consumerOf(*plugins, arguments).discardParked(arguments["position"].asInt64());
        return Json::Value(Json::objectValue);
    });
    anytime("dlq list", [this](const Json::Value& arguments) { return deadLetters(*plugins, *event_log, arguments); });
    anytime("dlq show", [this](const Json::Value& arguments) { return deadLetter(*plugins, *event_log, arguments); });
    anytime("config", [this](const Json::Value&) { return configRows(config); });
    control->add("dlq redrive",
                 [this](const Json::Value& arguments, Progress&) { return redrive(*plugins, *event_log, arguments); });
    addUpgradeCommands();
    control->add("drain", [this](const Json::Value& arguments, Progress&) {
        stop(arguments["leave"].isBool() && arguments["leave"].asBool());
        Json::Value result;
        result["state"] = "draining";
        return result;
    });
}

Json::Value Host::Parts::status() {
    Json::Value body;
    body["host_id"] = state.hostId();
    body["version"] = std::string(kHostVersion);
    body["uptime_s"] = number(static_cast<std::int64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started).count()));
    body["state"] = std::string(nameOf(phase));
    const auto port = [&](const char* name, const config::Address& address, http::Listener which) {
        body["listeners"][name] = config::Address{address.host, server->port(which)}.text();
    };
    port("edge", config.http.edge, http::Listener::kEdge);
    port("internal", config.http.internal, http::Listener::kInternal);
    port("ops", config.http.ops, http::Listener::kOps);
    body["registry"] = registry->describe();
    body["registry_trouble"] = registry->trouble();
    body["events"] = event_log->describe();
    body["mail"] = mailer->describe();
    body["problem"] = problem();
    body["plugins"] = pluginRows(*plugins);
    return body;
}

}  // namespace stoa::host::app
