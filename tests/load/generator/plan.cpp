#include "tests/load/generator/plan.h"

#include <fstream>
#include <stdexcept>

#include <json/reader.h>
#include <json/value.h>

namespace stoa::load {
namespace {

const Json::Value& need(const Json::Value& value, const char* field) {
    if (!value.isMember(field)) {
        throw std::runtime_error(std::string("the plan lacks \"") + field + '"');
    }
    return value[field];
}

Kind kindOf(const Json::Value& value, const std::string& host) {
    Kind kind;
    kind.name = need(value, "name").asString();
    kind.weight = value.get("weight", 1).asInt();
    kind.body = value.get("body", "").asString();
    kind.idempotent = value.get("idempotent", false).asBool();
    kind.repeat_every = value.get("repeat_every", 0).asUInt();
    kind.id_field = value.get("id_field", "").asString();
    for (const Json::Value& status : need(value, "expect")) {
        kind.expected.insert(status.asInt());
    }
    if (kind.weight < 1) {
        throw std::runtime_error("the weight of " + kind.name + " must be at least 1");
    }
    kind.head =
        need(value, "method").asString() + ' ' + need(value, "path").asString() + " HTTP/1.1\r\nHost: " + host + "\r\n";
    const Json::Value& headers = value["headers"];
    for (const std::string& name : headers.getMemberNames()) {
        kind.head += name + ": " + headers[name].asString() + "\r\n";
    }
    if (!kind.body.empty()) {
        kind.head += "Content-Length: " + std::to_string(kind.body.size()) + "\r\n";
    }
    return kind;
}

}  // namespace

Plan readPlan(const std::string& file) {
    std::ifstream in(file);
    Json::Value value;
    std::string errors;
    if (!in || !Json::parseFromStream(Json::CharReaderBuilder(), in, &value, &errors)) {
        throw std::runtime_error(file + " is not a readable JSON file: " + errors);
    }
    Plan plan;
    plan.host = need(value, "host").asString();
    plan.port = static_cast<std::uint16_t>(need(value, "port").asUInt());
    plan.connections = value.get("connections", 1).asUInt();
    plan.rate = value.get("rate", 0).asDouble();
    plan.seconds = value.get("seconds", 0).asDouble();
    plan.timeout = value.get("timeout", plan.timeout).asDouble();
    plan.prefix = need(value, "prefix").asString();
    const std::string host = plan.host + ':' + std::to_string(plan.port);
    for (const Json::Value& kind : need(value, "kinds")) {
        plan.kinds.push_back(kindOf(kind, host));
    }
    if (plan.connections == 0 || plan.kinds.empty()) {
        throw std::runtime_error("the plan needs at least one connection and one kind of request");
    }
    return plan;
}

}  // namespace stoa::load
