// The contract of two versions: routes, events, settings. Schemas are compared by schema_cover.

#include <stoa/validate/compatibility.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "manifest_rules.h"
#include "schema_cover.h"

namespace stoa::validate {
namespace {

using Mode = SchemaCover::Mode;

constexpr const char* kNewRoute = "keep it as it was, and offer the new behaviour under a new path";
constexpr const char* kKeepTaking =
    "go on accepting what the version before accepted; where the service can't use it, it answers so itself";
constexpr const char* kKeepSending = "go on sending what readers of the version before know; add new members beside it";

/// What to do about a difference of this kind.
const char* cureOf(const std::string& kind, Mode mode) {
    const bool reads = mode == Mode::kReads;
    if (kind == "field") {
        return reads ? "keep sending the member until no reader needs it"
                     : "make it optional, or give it a default in the service; require it in a new route";
    }
    if (kind == "member") {
        return "keep the member in the schema until no caller sends it, also when it has no effect any more";
    }
    if (kind == "enum" && reads) {
        return "send new values in a new member, or once all readers accept them";
    }
    if (kind == "null" && reads) {
        return "leave the member a value, or send what may be missing in a new one";
    }
    if (kind == "ambiguous") {
        return "give each alternative a required member with a const of its own";
    }
    return reads ? kKeepSending : kKeepTaking;
}

class Comparison {
public:
    Comparison(const Manifest& running, const Manifest& next) : running_(running), next_(next) {}

    std::vector<Finding> run() {
        if (running_.name != next_.name) {
            error("service", next_.name, fmt::format("it is not a version of {}", running_.name),
                  "compare two versions of one plugin");
            return std::move(findings_);
        }
        if (running_.listener != next_.listener) {
            error("listener", next_.listener,
                  fmt::format("the routes were on the {} listener: callers would not find them", running_.listener),
                  "keep the listener");
        }
        for (const Route& route : running_.routes) {
            compareRoute(route);
        }
        compareEvents();
        compareSettings();
        std::stable_partition(findings_.begin(), findings_.end(),
                              [](const Finding& one) { return one.severity == Severity::kError; });
        return std::move(findings_);
    }

private:
    void error(const std::string& rule, const std::string& subject, const std::string& reason,
               const std::string& cure) {
        findings_.push_back({Severity::kError, rule, subject, reason, cure});
    }
    void warn(const std::string& rule, const std::string& subject, const std::string& reason, const std::string& cure) {
        findings_.push_back({Severity::kWarning, rule, subject, reason, cure});
    }

    /// Findings of the rules "<part>-field", "<part>-type", …
    void compare(const std::string& part, const std::string& subject, const Schema& sent, const Schema& taken,
                 Mode mode) {
        for (const Difference& one : SchemaCover::compare(sent, taken, mode)) {
            Finding finding{one.kind == "ambiguous" ? Severity::kWarning : Severity::kError, part + "-" + one.kind,
                            subject, one.reason, cureOf(one.kind, mode)};
            finding.pointer = one.pointer;
            findings_.push_back(std::move(finding));
        }
    }

    static std::string nameOf(const Route& route) {
        return fmt::format("{} {} ({})", route.method, route.path, route.operation);
    }

    const Route* find(const Route& old) const {
        const auto same = [&](const Route& route) {
            return (route.method == old.method || route.method == "*") && routeShape(route) == routeShape(old);
        };
        const auto exact = std::find_if(next_.routes.begin(), next_.routes.end(),
                                        [&](const Route& route) { return same(route) && route.method == old.method; });
        const auto found =
            exact != next_.routes.end() ? exact : std::find_if(next_.routes.begin(), next_.routes.end(), same);
        return found != next_.routes.end() ? &*found : nullptr;
    }

    void compareRoute(const Route& old) {
        const Route* now = find(old);
        if (now == nullptr) {
            error("route-removed", nameOf(old), "callers of the version before would get 404",
                  "keep the route until nobody calls it");
            return;
        }
        const std::string name = nameOf(old);
        compareAccess(name, old, *now);
        compareIdempotency(name, old, *now);
        compareParameters(name, old, *now);
        compareBody(name, old, *now);
        compareAnswers(name, old, *now);
    }

    void compareAccess(const std::string& name, const Route& old, const Route& now) {
        const auto lost = [&](const std::string& who) {
            error("auth-narrowed", name, fmt::format("{} could call it, and would get 401 or 403 now", who), kNewRoute);
        };
        if (now.allows("public")) {
            return;
        }
        for (const std::string& mark : old.auth) {
            // Who is staff is a user as well.
            if (!now.allows(mark) && !(mark == "staff" && now.allows("user"))) {
                lost(mark == "public" ? "everybody" : mark);
            }
        }
        const auto contains = [](const std::vector<std::string>& list, const std::string& word) {
            return std::find(list.begin(), list.end(), word) != list.end();
        };
        const bool users = old.allows("user") || old.allows("staff");
        if (users && old.roles.empty() && !now.roles.empty()) {
            lost("a user without one of its roles");
        }
        for (const std::string& role : old.roles) {
            if (!now.roles.empty() && !contains(now.roles, role)) {
                lost(fmt::format("the role {}", role));
            }
        }
        if (old.allows("service") && old.services.empty() && !now.services.empty()) {
            lost("a service that is not on its list");
        }
        for (const std::string& service : old.services) {
            if (now.allows("service") && !now.services.empty() && !contains(now.services, service)) {
                lost(fmt::format("the service {}", service));
            }
        }
    }

    void compareIdempotency(const std::string& name, const Route& old, const Route& now) {
        if (now.idempotency == Idempotency::kRequired && old.idempotency != Idempotency::kRequired) {
            error("idempotency-required", name, "callers that send no Idempotency-Key would get 400",
                  "make it optional in this version");
        }
        if (now.idempotency == Idempotency::kNone && old.idempotency != Idempotency::kNone) {
            error("idempotency-dropped", name, "callers repeat it and count on one effect; it would have two",
                  "keep its idempotency");
        }
    }

    void compareParameters(const std::string& name, const Route& old, const Route& now) {
        std::set<std::string> known;
        for (const Parameter& parameter : old.parameters) {
            const std::string wanted = parameter.in == "path" ? samePlace(parameter.name, old, now) : parameter.name;
            const auto found = std::find_if(now.parameters.begin(), now.parameters.end(), [&](const Parameter& one) {
                return one.in == parameter.in && one.name == wanted;
            });
            const std::string subject = fmt::format("{}, {} parameter {}", name, parameter.in, parameter.name);
            if (found == now.parameters.end()) {
                warn("parameter-removed", subject, "callers still send it, and it would have no effect",
                     "keep it, or answer 400 to who sends it");
                continue;
            }
            known.insert(parameter.in + " " + wanted);
            if (found->required && !parameter.required) {
                error("parameter-required", subject, "callers that leave it out would get 400", "keep it optional");
            }
            compare("parameter", subject, parameter.schema, found->schema, Mode::kAccepts);
        }
        for (const Parameter& parameter : now.parameters) {
            if (parameter.required && parameter.in != "path" && known.count(parameter.in + " " + parameter.name) == 0) {
                error("parameter-required", fmt::format("{}, {} parameter {}", name, parameter.in, parameter.name),
                      "callers don't know it, and would get 400", "make it optional");
            }
        }
    }

    /// What the new version calls the path parameter that stands where `parameter` stood.
    static std::string samePlace(const std::string& parameter, const Route& old, const Route& now) {
        const auto before = pathParameters(old);
        const auto after = pathParameters(now);
        const auto place = std::find(before.begin(), before.end(), parameter) - before.begin();
        return static_cast<std::size_t>(place) < after.size() ? after[static_cast<std::size_t>(place)] : parameter;
    }

    void compareBody(const std::string& name, const Route& old, const Route& now) {
        const std::string subject = name + ", request body";
        if (now.body_required && !old.body_required) {
            error("body-required", subject, "callers that send none would get 400", "take requests without one too");
        }
        for (const std::string& type : old.content_types) {
            if (std::find(now.content_types.begin(), now.content_types.end(), type) == now.content_types.end()) {
                error("content-type-removed", subject, fmt::format("callers that send {} would get 415", type),
                      "keep taking it");
            }
        }
        if (!old.content_types.empty() && now.max_body < old.max_body) {
            error("body-limit", subject,
                  fmt::format("a body of {} bytes was taken, and the limit is {} now", old.max_body, now.max_body),
                  "keep maxBody");
        }
        if (old.body && now.body) {
            compare("request", subject, *old.body, *now.body, Mode::kAccepts);
        }
    }

    /// The statuses that OpenAPI lists for a route, with and without a schema.
    static std::set<int> statusesOf(const Manifest& manifest, const Route& route) {
        std::set<int> statuses;
        for (const auto& [status, schema] : route.responses) {
            statuses.insert(status);
        }
        std::string method = route.method;
        std::transform(method.begin(), method.end(), method.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        const Json::Value* place = &manifest.openapi;
        for (const std::string& part : {std::string("paths"), route.path, method, std::string("responses")}) {
            place =
                place != nullptr && place->isObject() ? place->find(part.data(), part.data() + part.size()) : nullptr;
        }
        if (place != nullptr && place->isObject()) {
            for (const std::string& status : place->getMemberNames()) {
                if (isHttpStatus(status)) {
                    statuses.insert(std::stoi(status));
                }
            }
        }
        return statuses;
    }

    void compareAnswers(const std::string& name, const Route& old, const Route& now) {
        for (const auto& [status, schema] : old.responses) {
            const std::string subject = fmt::format("{}, answer {}", name, status);
            const auto found = now.responses.find(status);
            if (found != now.responses.end()) {
                compare("answer", subject, found->second, schema, Mode::kReads);
            } else if (statusesOf(next_, now).count(status) != 0) {
                error("answer-schema-removed", subject, "nothing says any more what it holds", "keep its schema");
            }
        }
        const std::set<int> before = statusesOf(running_, old);
        for (const int status : statusesOf(next_, now)) {
            // Whoever reads 400 and more reads problem+json.
            if (before.empty() || before.count(status) != 0 || status >= 400) {
                continue;
            }
            const std::string subject = fmt::format("{}, answer {}", name, status);
            if (now.responses.count(status) != 0) {
                warn("answer-status", subject, "callers of the version before don't expect this status",
                     "answer with a status that they know");
            } else {
                error("answer-status", subject, "callers don't expect this status, and no schema says what it holds",
                      "answer with a status that they know");
            }
        }
    }

    void compareEvents() {
        for (const Publication& old : running_.publishes) {
            const std::string subject = "event " + old.topic;
            const auto now = std::find_if(next_.publishes.begin(), next_.publishes.end(),
                                          [&](const Publication& one) { return one.topic == old.topic; });
            if (now == next_.publishes.end()) {
                error("event-removed", subject, "its subscribers would wait for ever",
                      "go on publishing it until nobody subscribes");
                continue;
            }
            if (now->partitions != old.partitions) {
                warn("event-partitions", subject,
                     fmt::format("a topic keeps its {} partitions; {} would have no effect, or move keys",
                                 old.partitions, now->partitions),
                     "keep the number");
            }
            compare("event", subject, now->schema, old.schema, Mode::kReads);
        }
        for (const Subscription& old : running_.subscribes) {
            const std::string subject = "subscription " + old.topic;
            const auto now = std::find_if(next_.subscribes.begin(), next_.subscribes.end(),
                                          [&](const Subscription& one) { return one.topic == old.topic; });
            if (now == next_.subscribes.end()) {
                warn(
                    "subscription-dropped", subject,
                    "its events are not handled any more, and after a rollback those of the time between are read late",
                    "keep it until nobody needs its effects");
                continue;
            }
            compare("subscription", subject, old.schema, now->schema, Mode::kAccepts);
        }
        for (const TimerSpec& old : running_.timers) {
            if (std::none_of(next_.timers.begin(), next_.timers.end(),
                             [&](const TimerSpec& one) { return one.name == old.name; })) {
                warn("timer-removed", "timer " + old.name, "timers that were set stay, and nobody handles them",
                     "keep the handler until none is left");
            }
        }
    }

    void compareSettings() {
        const std::string subject = "settings";
        if (!running_.settings) {
            if (next_.settings) {
                const Json::Value none = next_.settings->withDefaults(Json::Value(Json::objectValue));
                for (const Violation& violation : next_.settings->check(none)) {
                    error("setting-field", subject,
                          fmt::format("a configuration without settings does not do any more: {} {}", violation.pointer,
                                      violation.why),
                          "give the setting a default");
                }
            }
            return;
        }
        if (!next_.settings) {
            error("setting-removed", subject, "a configuration with settings would be refused",
                  "keep the schema until no configuration has them");
            return;
        }
        compare("setting", subject, *running_.settings, *next_.settings, Mode::kConfigures);
        const Json::Value& now = next_.settings_schema["properties"];
        const Json::Value& old = running_.settings_schema["properties"];
        if (!old.isObject() || !now.isObject() || next_.settings_schema.isMember("additionalProperties")) {
            return;
        }
        for (const std::string& name : old.getMemberNames()) {
            if (!now.isMember(name)) {
                error("setting-removed", "setting " + name, "a configuration that has it would change nothing",
                      "keep it until no configuration has it");
            }
        }
    }

    const Manifest& running_;
    const Manifest& next_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> checkCompatibility(const Manifest& running, const Manifest& next) {
    return Comparison(running, next).run();
}

}  // namespace stoa::validate
