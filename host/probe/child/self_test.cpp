#include "host/probe/child/self_test.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/probe/child/sample.h"
#include "host/probe/child/target.h"

namespace stoa::host::probe {
namespace {

constexpr const char* kUser = "0190a0b0-0000-7000-8000-0000000000aa";
constexpr const char* kSecret = "a-secret-of-the-probe";
constexpr const char* kSession = "0190a0b0-0000-7000-8000-0000000000bb";
constexpr const char* kTail = "probe/items";  // behind /api/v1/: what fleet() serves
constexpr std::size_t kShown = 400;           // of a body, in a report

/// The aggregate's id, as far as a schema tells: the first required text with a name of that kind.
std::string keyOf(const validate::Subscription& subscription) {
    for (const Json::Value& name : subscription.schema_json["required"]) {
        const std::string text = name.asString();
        const Json::Value& value = subscription.example[text];
        if (text.size() > 2 && text.compare(text.size() - 2, 2, "Id") == 0 && value.isString()) {
            return value.asString();
        }
    }
    return "probe";
}

/// A consumer tries these again; nothing is lost.
bool triedAgain(stoa_status status) {
    return status == STOA_UNAVAILABLE || status == STOA_CONFLICT || status == STOA_DEADLINE || status == STOA_EXHAUSTED;
}

/// With the roles that the route asks for, and those of its mark.
std::string rolesFor(const validate::Route& route, const std::string& as) {
    std::string roles = as == "staff" ? "staff" : "customer";
    for (const std::string& role : route.roles) {
        roles += ' ' + role;
    }
    return roles;
}

std::string targetOf(const validate::Route& route, const std::map<std::string, std::string>& values) {
    std::string target = expanded(route.path, values);
    char separator = '?';
    for (const validate::Parameter& parameter : route.parameters) {
        const auto value = values.find(parameter.name);
        if (parameter.in == "query" && value != values.end()) {
            target += separator + encoded(parameter.name) + '=' + encoded(value->second);
            separator = '&';
        }
    }
    return target;
}

/// Headers in which the document says that callers show a key.
std::vector<std::string> keyHeaders(const Json::Value& document) {
    std::vector<std::string> names;
    const Json::Value& schemes = document["components"]["securitySchemes"];
    for (const std::string& scheme : schemes.isObject() ? schemes.getMemberNames() : Json::Value::Members{}) {
        if (textOr(schemes[scheme], "type") == "apiKey" && textOr(schemes[scheme], "in") == "header") {
            names.push_back(textOr(schemes[scheme], "name"));
        }
    }
    return names;
}

}  // namespace

std::vector<fake::FleetRoute> SelfTest::fleet() { return {{"GET", "/api/v1/probe/items", "probe", "public"}}; }

std::string SelfTest::secret(const validate::Manifest& manifest) {
    constexpr std::string_view kEnd = "-Key";
    for (const validate::Route& route : manifest.routes) {
        for (const validate::Parameter& parameter : route.parameters) {
            const std::string_view name = parameter.name;
            const bool key = name.size() > kEnd.size() && name.substr(name.size() - kEnd.size()) == kEnd;
            if (parameter.in == "header" && key && name != "Idempotency-Key") {
                return sampleOf(parameter, manifest.openapi).value_or(kSecret);
            }
        }
    }
    return kSecret;
}

SelfTest::SelfTest(fake::Host& host, const validate::Manifest& manifest, const Report& report)
    : host_(host), manifest_(manifest), report_(report), answers_(manifest), user_(kUser) {
    for (const validate::Subscription& subscription : manifest_.subscribes) {
        if (const Json::Value& user = subscription.example["userId"]; user.isString()) {
            user_ = user.asString();
            return;
        }
    }
}

/// Events first: what others have said is what many routes answer from.
void SelfTest::run() {
    for (const validate::Subscription& subscription : manifest_.subscribes) {
        report_.stage("event " + subscription.topic);
        tryEvent(subscription);
    }
    for (const validate::Route& route : manifest_.routes) {
        report_.stage("route " + route.operation);
        tryRoute(route);
    }
    if (!manifest_.timers.empty()) {
        report_.stage("timers");
        tryTimers();
    }
}

void SelfTest::tryRoute(const validate::Route& route) {
    Values values{{"rest", kTail}};
    Values created;
    for (const validate::Parameter& parameter : route.parameters) {
        const bool wanted = parameter.required || !parameter.example.isNull();
        if (auto value = wanted ? sampleOf(parameter, manifest_.openapi) : std::nullopt) {
            values[parameter.name] = *value;
        } else if (parameter.required) {
            report_.note(
                fmt::format("route {} was not called: its parameter {} needs an example in the OpenAPI document",
                            route.operation, parameter.name));
            return;
        }
        if (const auto known = learned_.find(parameter.name); parameter.in == "path" && known != learned_.end()) {
            created.insert(*known);
        }
    }
    for (const std::string& as : route.auth) {
        call(route, as, values);
        if (!created.empty()) {
            Values of_created = values;
            for (const auto& [name, value] : created) {
                of_created[name] = value;
            }
            call(route, as, of_created);
        }
    }
}

void SelfTest::call(const validate::Route& route, const std::string& as, const Values& values) {
    fake::Ask ask = host_.request(route.method == "*" ? "GET" : route.method, targetOf(route, values));
    if (as == "user" || as == "staff") {
        ask.as(user_, rolesFor(route, as)).session(kSession);
    } else if (as == "service") {
        ask.service(route.services.empty() ? "probe" : route.services.front());
    }
    if (route.idempotency != validate::Idempotency::kNone) {
        ask.key(fmt::format("probe-{}", ++calls_));
    }
    for (const validate::Parameter& parameter : route.parameters) {
        const auto value = values.find(parameter.name);
        if (parameter.in == "header" && value != values.end()) {
            ask.header(parameter.name, value->second);
        }
    }
    for (const std::string& name : keyHeaders(manifest_.openapi)) {
        ask.header(name, secret(manifest_));
    }
    if (!route.content_types.empty()) {
        const std::string& type = route.content_types.front();
        ask.body(type, type == "application/json" ? writeJson(route.example) : route.example.asString());
    }
    const std::string who = "as " + as;
    try {
        const fake::Answer answer = ask.send();
        report_.said(answer.forward ? as + " forward" : fmt::format("{} {}", as, answer.status));
        if (!answer.handled && answer.status >= 400) {
            report_.note(fmt::format("route {} {} was not reached: the host itself answers {} {}", route.operation, who,
                                     answer.status, answer.body.substr(0, kShown)));
        }
        for (const std::string& wrong : answers_.check(route, answer)) {
            report_.failed(fmt::format("{}, it answered {}: {}; {}", who, answer.status, wrong,
                                       answer.body.empty() ? host_.lastError() : answer.body.substr(0, kShown)));
        }
        learn(answer);
    } catch (const fake::Violation& violation) {
        report_.failed(fmt::format("{}: {}", who, violation.what()));
    }
    settle(who);
}

void SelfTest::tryEvent(const validate::Subscription& subscription) {
    try {
        const stoa_status status = host_.deliver(subscription.topic, keyOf(subscription), subscription.example);
        report_.said(statusName(status));
        if (status != STOA_OK && !triedAgain(status)) {
            // May be meant: a dead letter is how a handler calls for people. Nobody but its author can tell.
            const std::string why = host_.lastError();
            report_.note(
                fmt::format("event {}: its handler said {} to the schema's example; such an event is parked: {}",
                            subscription.topic, statusName(status), why.empty() ? "no reason given" : why));
        }
    } catch (const fake::Violation& violation) {
        report_.failed(violation.what());
    }
    settle("its handler");
}

void SelfTest::tryTimers() {
    try {
        host_.runDue();
    } catch (const fake::Violation& violation) {
        report_.failed(violation.what());
    }
    settle("a timer");
}

/// What the plugin did wrong by the way, and swallowed.
void SelfTest::settle(std::string_view who) {
    for (const std::string& mistake : host_.takeMistakes()) {
        report_.failed(fmt::format("{}, what no host accepts: {}", who, mistake));
    }
}

void SelfTest::learn(const fake::Answer& answer) {
    const std::string location = answer.header("Location");
    if (answer.status < 200 || answer.status >= 300 || location.empty()) {
        return;
    }
    for (const validate::Route& route : manifest_.routes) {
        if (const auto values = valuesIn(route.path, location)) {
            for (const auto& [name, value] : *values) {
                learned_[name] = value;
            }
        }
    }
}

}  // namespace stoa::host::probe
