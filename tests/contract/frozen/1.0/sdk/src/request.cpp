#include <stoa/request.h>

#include <charconv>

#include <stoa/host.h>
#include <stoa/json.h>
#include <stoa/problem.h>

#include "answer.h"

namespace stoa {

namespace {

constexpr std::int64_t kMaxPage = 100;

using Lookup = stoa_status (*)(const stoa_request*, stoa_str, stoa_str*);

std::optional<std::string_view> find(Lookup lookup, const stoa_request* request, std::string_view name) {
    stoa_str value{};
    return lookup(request, view(name), &value) == STOA_OK ? std::optional{text(value)} : std::nullopt;
}

std::optional<std::int64_t> integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

stoa_claim claimOf(const Capabilities& capabilities, const stoa_request* request) {
    stoa_claim claim{};
    claim.struct_size = sizeof claim;
    return capabilities.http->claim(request, &claim) == STOA_OK ? claim : stoa_claim{};
}

}  // namespace

bool Caller::hasRole(std::string_view role) const {
    std::string_view rest = roles;
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        if (word == role && !role.empty()) {
            return true;
        }
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    return false;
}

std::string_view Request::method() const { return text(capabilities_.http->method(request_)); }
std::string_view Request::path() const { return text(capabilities_.http->path(request_)); }
std::string_view Request::queryString() const { return text(capabilities_.http->query_string(request_)); }
std::string_view Request::body() const { return text(capabilities_.http->body(request_)); }

std::string_view Request::param(std::string_view name) const {
    const auto value = find(capabilities_.http->path_param, request_, name);
    if (!value) {
        throw Error(STOA_INTERNAL, "the route's path has no parameter " + std::string(name));
    }
    return *value;
}

std::optional<std::string_view> Request::query(std::string_view name) const {
    return find(capabilities_.http->query, request_, name);
}

std::optional<std::string_view> Request::header(std::string_view name) const {
    return find(capabilities_.http->header, request_, name);
}

Json::Value Request::json() const {
    auto value = parseJson(body());
    if (!value) {
        throw badRequest("invalid-json", "The body is not JSON: " + value.error() + ".");
    }
    return std::move(*value);
}

std::string_view Request::read(std::span<char> buffer) {
    std::size_t size = 0;
    const stoa_status status = capabilities_.http->read(request_, buffer.data(), buffer.size(), &size);
    if (status == STOA_EXHAUSTED) {
        throw Problem(413, "body-too-large", "The body is too large.", "It is larger than this route accepts.");
    }
    if (status == STOA_DEADLINE) {
        throw Problem(408, "request-timeout", "The body came too slowly.", "Send it again, faster or in parts.");
    }
    capabilities_.check(status, "the body can't be read");
    return {buffer.data(), size};
}

Caller Request::caller() const {
    stoa_caller raw{};
    raw.struct_size = sizeof raw;
    capabilities_.check(capabilities_.http->caller(request_, &raw), "the caller is not known");
    return {raw.authenticated != 0, text(raw.subject), text(raw.roles),
            text(raw.session),      text(raw.service), text(raw.address)};
}

Page Request::page() const {
    Page page;
    if (const auto limit = query("limit")) {
        const auto value = integer(*limit);
        if (!value || *value < 1 || *value > kMaxPage) {
            throw badRequest("invalid-parameter", "The request has a parameter that can't be used.")
                .field("query:limit", "must be an integer from 1 to 100");
        }
        page.limit = *value;
    }
    page.cursor = query("cursor").value_or("");
    return page;
}

microseconds Request::remaining() const { return microseconds{capabilities_.http->remaining_us(request_)}; }

std::string Request::resourceId() const {
    const std::string_view claimed = text(claimOf(capabilities_, request_).resource_id);
    if (!claimed.empty()) {
        return std::string(claimed);
    }
    if (generated_id_.empty()) {
        generated_id_ = capabilities_.newId();
    }
    return generated_id_;
}

std::string_view Request::idempotencyKey() const { return text(claimOf(capabilities_, request_).key); }

std::optional<std::int64_t> Request::ifMatch() const {
    const auto etag = header("If-Match");
    if (!etag || *etag == "*") {
        return std::nullopt;
    }
    const bool quoted = etag->size() > 2 && etag->front() == '"' && etag->back() == '"';
    const auto version = quoted ? integer(etag->substr(1, etag->size() - 2)) : std::nullopt;
    if (!version) {
        throw badRequest("bad-etag", "If-Match takes the ETag of an earlier answer, such as \"3\".")
            .field("header:If-Match", "is not an ETag of this service");
    }
    return version;
}

void Request::run(const std::function<const Response&(Transaction&)>& work) {
    Database{capabilities_}.run(STOA_TX_WRITE, [&](Transaction& tx) {
        detail::setAnswer(capabilities_, response_, work(tx));
        const stoa_status status = capabilities_.http->store(response_, tx.raw());
        if (status == STOA_CONFLICT) {
            // Not a serialisation failure: trying again would not help.
            throw conflict("request-superseded", "A later attempt with the same Idempotency-Key has taken over.");
        }
        capabilities_.check(status, "the answer can't be kept");
    });
}

}  // namespace stoa
