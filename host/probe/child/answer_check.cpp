#include "host/probe/child/answer_check.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <fmt/format.h>

#include <stoa/json.h>

namespace stoa::host::probe {
namespace {

constexpr int kUnavailable = 503;
constexpr const char* kProblem = "application/problem+json";

std::string mediaType(const fake::Answer& answer) {
    const std::string type = answer.header("Content-Type");
    return type.substr(0, type.find(';'));
}

/// RFC 9457, and what our own clients rely on.
std::vector<std::string> checkProblem(const fake::Answer& answer, const Json::Value& body) {
    std::vector<std::string> wrong;
    if (!body.isObject() || !body["type"].isString() || !body["title"].isString()) {
        wrong.emplace_back("the problem lacks type or title");
    } else if (!body["status"].isInt() || body["status"].asInt() != answer.status) {
        wrong.emplace_back("the problem's member status is not the answer's");
    }
    return wrong;
}

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

}  // namespace

std::vector<std::string> AnswerCheck::check(const validate::Route& route, const fake::Answer& answer) {
    std::vector<std::string> wrong;
    if (answer.forward) {
        return wrong;
    }
    if (answer.status >= 500 && answer.status != kUnavailable) {
        wrong.push_back("a request that fits its schema must not end in an error of the server");
    }
    // Without an answer of the plugin's the host makes the problem.
    if (answer.status >= 400 && answer.body.empty() && mediaType(answer).empty()) {
        return wrong;
    }
    if (answer.status >= 400 && mediaType(answer) != kProblem) {
        wrong.push_back(fmt::format("an error is {}, not {}", kProblem, mediaType(answer)));
        return wrong;
    }
    bool described = false;
    const Json::Value* response = responseFor(route, answer.status, described);
    if (response != nullptr) {
        const auto body = checkBody(answer, *response);
        wrong.insert(wrong.end(), body.begin(), body.end());
    } else if (described) {
        wrong.emplace_back("the OpenAPI document names neither this status nor a default");
    }
    return wrong;
}

/// `described`: the document has the operation at all; a gateway's route for everything it has not.
const Json::Value* AnswerCheck::responseFor(const validate::Route& route, int status, bool& described) const {
    const Json::Value& document = manifest_.openapi;
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::tolower(c); });
    const Json::Value* operation = document.isObject() ? &document["paths"][route.path][method] : nullptr;
    described = operation != nullptr && operation->isObject();
    if (!described) {
        return nullptr;
    }
    const Json::Value& responses = (*operation)["responses"];
    const std::string code = std::to_string(status);
    const Json::Value& found = responses.isMember(code) ? responses[code] : responses["default"];
    // What is not an error must be named itself: a default is for problems.
    if (found.isNull() || (status < 400 && !responses.isMember(code))) {
        return nullptr;
    }
    constexpr std::string_view kPrefix = "#/components/responses/";
    const std::string reference = found["$ref"].isString() ? found["$ref"].asString() : "";
    return reference.rfind(kPrefix, 0) == 0 ? &document["components"]["responses"][reference.substr(kPrefix.size())]
                                            : &found;
}

std::vector<std::string> AnswerCheck::checkBody(const fake::Answer& answer, const Json::Value& response) {
    const Json::Value& content = response["content"];
    if (!content.isObject() || content.empty()) {
        return answer.body.empty() ? std::vector<std::string>{}
                                   : std::vector<std::string>{"the OpenAPI document describes no body for it"};
    }
    const std::string type = mediaType(answer);
    if (!content.isMember(type)) {
        return {fmt::format("its Content-Type is \"{}\", the OpenAPI document says {}", type,
                            joined(content.getMemberNames()))};
    }
    if (type != "application/json" && type != kProblem) {
        return {};
    }
    const auto body = parseJson(answer.body);
    if (!body) {
        return {"its body is not JSON: " + body.error()};
    }
    std::vector<std::string> wrong;
    if (type == kProblem) {
        wrong = checkProblem(answer, *body);
    }
    const Json::Value& schema = content[type]["schema"];
    if (schema.isObject()) {
        for (const validate::Violation& each : compiled(schema).check(*body)) {
            wrong.push_back(fmt::format("its body does not fit its schema: {} {}", each.pointer, each.why));
        }
    }
    return wrong;
}

const validate::Schema& AnswerCheck::compiled(const Json::Value& schema) {
    const auto known = schemas_.find(&schema);
    if (known != schemas_.end()) {
        return known->second;
    }
    auto result = validate::Schema::compile(schema, manifest_.openapi);
    // The manifest's compiler has taken it already.
    return schemas_.emplace(&schema, result ? std::move(*result) : validate::Schema{}).first->second;
}

}  // namespace stoa::host::probe
