#include "exchange.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>

#include "path.h"

namespace stoa::fake {

namespace {

Answer answerOf(const Problem& problem) {
    Answer answer;
    answer.status = problem.status();
    answer.headers.emplace_back("Content-Type", "application/problem+json");
    answer.body = writeJson(problem.body());
    return answer;
}

bool hasRole(std::string_view roles, std::string_view role) {
    return (" " + std::string(roles) + " ").find(" " + std::string(role) + " ") != std::string::npos;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

/// The text as the value that its schema speaks of; text that is none stays text and fails the schema.
Json::Value typed(const std::string& type, const std::string& text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    if (type == "integer" && std::from_chars(text.data(), end, number).ptr == end && !text.empty()) {
        return static_cast<Json::Int64>(number);
    }
    if (type == "boolean" && (text == "true" || text == "false")) {
        return text == "true";
    }
    return text;
}

bool storable(int status) {
    constexpr std::array kPassing{401, 403, 408, 413, 415, 429};
    return status >= 200 && status < 500 && std::find(kPassing.begin(), kPassing.end(), status) == kPassing.end();
}

Json::Value toJson(const Headers& headers) {
    Json::Value list{Json::arrayValue};
    for (const auto& [name, value] : headers) {
        Json::Value pair{Json::arrayValue};
        pair.append(name);
        pair.append(value);
        list.append(std::move(pair));
    }
    return list;
}

}  // namespace

Answer Exchange::run() {
    try {
        findRoute();
        authorise();
        checkParameters();
        checkBody();
        if (auto replayed = claimKey()) {
            return *replayed;
        }
    } catch (const Problem& problem) {
        return answerOf(problem);
    }
    call();
    answer.handled = true;
    return answer;
}

void Exchange::findRoute() {
    std::string allowed;
    std::optional<std::size_t> best;
    const auto& routes = world_.manifest.routes;
    for (std::size_t i = 0; i < routes.size(); ++i) {
        const auto found = matchPath(routes[i].path, path());
        if (!found) {
            continue;
        }
        allowed += (allowed.empty() ? "" : ", ") + routes[i].method;
        // Fewer parameters are the closer fit: /orders/export before /orders/{orderId}.
        if ((routes[i].method == method() || routes[i].method == "*") && (!best || found->size() < parameters.size())) {
            best = i;
            parameters = *found;
        }
    }
    if (!best) {
        throw allowed.empty() ? Problem(404, "not-found", "There is nothing at this path")
                              : Problem(405, "method-not-allowed", "This path does not take this method", allowed);
    }
    index_ = static_cast<std::uint32_t>(*best);
    auto pairs = parseQuery(query());
    if (!pairs) {
        throw Problem(400, "invalid-parameter", "The query has a bad escape",
                      "After each % come two hex digits, and never 00.");
    }
    queries = std::move(*pairs);
}

void Exchange::authorise() const {
    const validate::Route& to = route();
    const bool user = !ask_.user_.empty();
    const bool staff = hasRole(ask_.roles_, "staff") || hasRole(ask_.roles_, "admin");
    const bool role_fits = to.roles.empty() || std::any_of(to.roles.begin(), to.roles.end(), [&](const auto& role) {
                               return hasRole(ask_.roles_, role);
                           });
    const bool as_service =
        to.allows("service") && !ask_.service_.empty() && (to.services.empty() || contains(to.services, ask_.service_));
    const bool as_user = user && role_fits && (to.allows("user") || (to.allows("staff") && staff));
    if (to.allows("public") || as_service || as_user) {
        return;
    }
    throw user || !ask_.service_.empty() ? Problem(403, "forbidden", "This caller may not do that")
                                         : Problem(401, "unauthenticated", "This needs a token");
}

void Exchange::checkParameters() const {
    Problem problem{400, "invalid-parameter", "A parameter is missing or not valid"};
    for (const validate::Parameter& parameter : route().parameters) {
        std::optional<std::string> value;
        if (parameter.in == "header") {
            const std::string header = findHeader(headers(), parameter.name);
            value = header.empty() ? std::nullopt : std::optional{header};
        } else if (parameter.in == "path") {
            value = parameters.at(parameter.name);
        } else {
            const auto found = std::find_if(queries.begin(), queries.end(),
                                            [&](const auto& pair) { return pair.first == parameter.name; });
            value = found == queries.end() ? std::nullopt : std::optional{found->second};
        }
        const std::string where = parameter.in + ":" + parameter.name;
        if (!value) {
            if (where == "header:If-Match" && parameter.required) {
                throw Problem(428, "precondition-required", "This request needs If-Match");
            }
            if (parameter.required) {
                problem.field(where, "is missing");
            }
            continue;
        }
        for (const validate::Violation& wrong : parameter.schema.check(typed(parameter.type, *value))) {
            problem.field(where, wrong.why);
        }
    }
    if (problem.body().isMember("errors")) {
        throw problem;
    }
}

void Exchange::checkBody() const {
    const validate::Route& to = route();
    if (body().empty()) {
        if (to.body_required) {
            throw Problem(400, "body-missing", "This request needs a body");
        }
        return;
    }
    const std::string type = findHeader(headers(), "Content-Type");
    if (to.content_types.empty() && !to.streaming) {
        throw Problem(400, "body-not-allowed", "This request takes no body");
    }
    if (!to.content_types.empty() && !contains(to.content_types, type.substr(0, type.find(';')))) {
        throw Problem(415, "unsupported-media-type", "This content type is not taken here", type);
    }
    if (to.streaming) {
        return;
    }
    if (static_cast<std::int64_t>(body().size()) > to.max_body) {
        throw Problem(413, "body-too-large", "The body is too large");
    }
    if (!to.body) {
        return;
    }
    const auto json = parseJson(body());
    if (!json) {
        throw Problem(400, "invalid-json", "The body is not valid JSON", json.error());
    }
    Problem problem{400, "invalid-body", "The body does not fit its schema"};
    for (const validate::Violation& wrong : to.body->check(*json)) {
        problem.field(wrong.pointer, wrong.why);
    }
    if (problem.body().isMember("errors")) {
        throw problem;
    }
}

std::optional<Answer> Exchange::claimKey() {
    const std::string key = findHeader(headers(), "Idempotency-Key");
    if (route().idempotency == validate::Idempotency::kNone || key.empty()) {
        if (route().idempotency == validate::Idempotency::kRequired) {
            throw Problem(400, "idempotency-key-missing", "This request needs an Idempotency-Key");
        }
        return std::nullopt;
    }
    Claim mine;
    mine.caller = !ask_.user_.empty() ? ask_.user_ : ask_.service_.empty() ? "public" : "service:" + ask_.service_;
    mine.fingerprint = hex(sha256(method() + '\n' + path() + '?' + query() + '\n' + body()));
    mine.resource_id = world_.newId();
    const std::vector<Cell> id{mine.caller, route().operation, key};
    Database& database = world_.database;
    const Result fresh = database.execute(
        "INSERT INTO stoa_idempotency (caller, route, idempotency_key, fingerprint, attempt, resource_id) "
        "VALUES ($1, $2, $3, $4, 1, $5) ON CONFLICT DO NOTHING",
        {id[0], id[1], id[2], mine.fingerprint, mine.resource_id});
    if (fresh.affected == 0) {
        const auto row = database
                             .execute(
                                 "SELECT fingerprint, attempt, resource_id, status, headers, body FROM "
                                 "stoa_idempotency WHERE caller = $1 AND route = $2 AND idempotency_key = $3",
                                 id)
                             .rows.front();
        if (std::get<std::string>(row[0]) != mine.fingerprint) {
            throw Problem(422, "idempotency-key-reused", "This Idempotency-Key belongs to another request");
        }
        if (const auto* status = std::get_if<std::int64_t>(&row[3])) {
            Answer stored;
            stored.status = static_cast<int>(*status);
            const Json::Value headers_then = *parseJson(std::get<std::string>(row[4]));
            for (const Json::Value& pair : headers_then) {
                stored.headers.emplace_back(pair[0].asString(), pair[1].asString());
            }
            stored.headers.emplace_back("Idempotent-Replayed", "true");
            stored.body = std::get<std::string>(row[5]);
            return stored;
        }
        // An attempt that ended without an answer to keep: taken over with the same resource id.
        mine.attempt = std::get<std::int64_t>(row[1]) + 1;
        mine.resource_id = std::get<std::string>(row[2]);
        database.execute(
            "UPDATE stoa_idempotency SET attempt = attempt + 1 WHERE caller = $1 AND route = $2 AND "
            "idempotency_key = $3",
            id);
    }
    claim = std::move(mine);
    return std::nullopt;
}

void Exchange::call() {
    const stoa_status status = world_.plugin->on_request(world_.instance, index_, reinterpret_cast<stoa_request*>(this),
                                                         reinterpret_cast<stoa_response*>(this));
    world_.expectNoTransaction("route " + route().operation);
    if (answer.status == 0 && !answer.forward) {
        if (status == STOA_OK) {
            throw Violation("route " + route().operation + " set no answer");
        }
        answer.status = httpStatus(status);
    }
    if (answer.forward) {
        return;
    }
    checkAnswer();
    if (claim && !stored_ && status == STOA_OK && storable(answer.status)) {
        store();
    }
}

void Exchange::checkAnswer() const {
    const std::string what = route().operation + " answered " + std::to_string(answer.status);
    const Json::Value& document = world_.manifest.openapi;
    if (answer.status < 400 && document.isObject()) {
        std::string lower = route().method;
        std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
        const Json::Value& operation = document["paths"][route().path][lower];
        if (operation.isObject() && !operation["responses"].isMember(std::to_string(answer.status))) {
            throw Violation(what + ", which the OpenAPI document does not name");
        }
    }
    const auto schema = route().responses.find(answer.status);
    if (schema == route().responses.end() || answer.header("Content-Type") != "application/json") {
        return;
    }
    if (const auto wrong = schema->second.check(answer.json()); !wrong.empty()) {
        throw Violation(what + " with a body that does not fit its schema: " + wrong.front().pointer + " " +
                        wrong.front().why + " in " + answer.body);
    }
}

stoa_status Exchange::store() {
    if (!claim) {
        return STOA_OK;
    }
    const Result updated = world_.database.execute(
        "UPDATE stoa_idempotency SET status = $1, headers = $2, body = $3 WHERE caller = $4 AND route = $5 AND "
        "idempotency_key = $6 AND attempt = $7 AND status IS NULL",
        {std::int64_t{answer.status}, writeJson(toJson(answer.headers)), answer.body, claim->caller, route().operation,
         findHeader(headers(), "Idempotency-Key"), claim->attempt});
    return updated.affected == 1 ? STOA_OK : STOA_CONFLICT;
}

stoa_caller Exchange::caller() const {
    return {sizeof(stoa_caller), ask_.user_.empty() ? 0u : 1u, view(ask_.user_),   view(ask_.roles_),
            view(ask_.session_), view(ask_.service_),          view(ask_.address_)};
}

}  // namespace stoa::fake
