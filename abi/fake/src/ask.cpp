#include <stoa/fake/ask.h>

#include <stoa/json.h>

#include "exchange.h"

namespace stoa::fake {

Ask::Ask(World& world, std::string method, std::string_view target)
    : world_(&world), method_(std::move(method)), path_(target.substr(0, target.find('?'))) {
    if (path_.size() < target.size()) {
        query_ = target.substr(path_.size() + 1);
    }
}

Ask& Ask::as(std::string user, std::string roles) {
    user_ = std::move(user);
    roles_ = std::move(roles);
    return *this;
}

Ask& Ask::service(std::string name) {
    service_ = std::move(name);
    return *this;
}

Ask& Ask::key(std::string key) { return header("Idempotency-Key", std::move(key)); }

Ask& Ask::header(std::string name, std::string value) {
    headers_.emplace_back(std::move(name), std::move(value));
    return *this;
}

Ask& Ask::ifMatch(std::int64_t version) { return header("If-Match", '"' + std::to_string(version) + '"'); }
Ask& Ask::json(const Json::Value& body) { return this->body("application/json", writeJson(body)); }
Ask& Ask::json(std::string_view body) { return this->body("application/json", std::string(body)); }

Ask& Ask::body(std::string content_type, std::string body) {
    body_ = std::move(body);
    return header("Content-Type", std::move(content_type));
}

Ask& Ask::from(std::string address) {
    address_ = std::move(address);
    return *this;
}

Ask& Ask::session(std::string id) {
    session_ = std::move(id);
    return *this;
}

Ask& Ask::deadline(std::chrono::milliseconds left) {
    left_ = left;
    return *this;
}

Answer Ask::send() { return Exchange{*world_, *this}.run(); }

}  // namespace stoa::fake
