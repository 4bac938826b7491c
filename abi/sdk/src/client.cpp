#include <stoa/client.h>

#include <algorithm>
#include <deque>

#include <stoa/error.h>
#include <stoa/host.h>
#include <stoa/json.h>

#include "writer.h"

namespace stoa {

namespace {

constexpr std::string_view kKeptHeaders[] = {"ETag", "Location", "Retry-After", "Content-Type"};

bool equalNames(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// A Call as the ABI takes it; views into the Call and into itself, so it stays where it is.
class RawCall {
public:
    explicit RawCall(const Call& call) {
        json_ = call.body.isNull() ? std::string{} : writeJson(call.body);
        const std::string_view body = call.body.isNull() ? std::string_view{call.raw_body} : std::string_view{json_};
        const std::string_view type = call.body.isNull() ? std::string_view{call.content_type} : "application/json";
        for (const auto& [name, value] : call.headers) {
            headers_.push_back({view(name), view(value)});
        }
        if (!call.idempotency_key.empty()) {
            headers_.push_back({view("Idempotency-Key"), view(call.idempotency_key)});
        }
        raw_.struct_size = sizeof raw_;
        raw_.timeout_ms = call.timeout_ms;
        raw_.service = view(call.service);
        raw_.method = view(call.method);
        raw_.path = view(call.path);
        raw_.content_type = view(type);
        raw_.body = view(body);
        raw_.headers = headers_.data();
        raw_.header_count = headers_.size();
        raw_.as_user = call.as_user ? 1 : 0;
        raw_.idempotent = call.idempotency_key.empty() ? 0 : 1;
    }
    RawCall(const RawCall&) = delete;
    RawCall& operator=(const RawCall&) = delete;

    const stoa_call& raw() const { return raw_; }

private:
    std::string json_;
    std::vector<stoa_pair> headers_;
    stoa_call raw_{};
};

struct Answer {
    int status = 0;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// Copies what came and gives the host's memory back. `Table` is stoa_client or stoa_external: same functions.
template <class Table>
Answer take(const Table& table, stoa_reply* reply) {
    const std::unique_ptr<stoa_reply, void (*)(stoa_reply*)> owner{reply, table.release};
    Answer answer;
    answer.status = static_cast<int>(table.reply_status(reply));
    answer.body = text(table.reply_body(reply));
    for (const std::string_view name : kKeptHeaders) {
        stoa_str value{};
        if (table.reply_header(reply, view(name), &value) == STOA_OK) {
            answer.headers.emplace_back(name, text(value));
        }
    }
    return answer;
}

std::string why(const Capabilities& capabilities, const Call& call, stoa_status status) {
    std::string sentence = call.service + ": " + std::string(statusName(status));
    const std::string_view last = text(capabilities.host->last_error(capabilities.host));
    return last.empty() ? sentence : sentence + ": " + std::string(last);
}

const stoa_client& clientOf(const Capabilities& capabilities) {
    if (capabilities.client == nullptr) {
        throw Error(STOA_UNSUPPORTED, "the host gives this plugin no stoa.client/1: name it in the manifest");
    }
    return *capabilities.client;
}

/// Calling in a transaction is a mistake of the plugin, not of the other side.
void refuseMistakes(const Capabilities& capabilities, const Call& call, stoa_status status) {
    if (status == STOA_INVALID) {
        throw Error(STOA_INVALID, why(capabilities, call, status));
    }
}

}  // namespace

std::string Reply::header(const std::string& name) const {
    const auto found = std::find_if(headers_.begin(), headers_.end(),
                                    [&](const auto& header) { return equalNames(header.first, name); });
    return found == headers_.end() ? std::string{} : found->second;
}

Json::Value Reply::json() const {
    auto value = parseJson(body_);
    if (!value) {
        throw Error(STOA_UNAVAILABLE, "an answer is not JSON: " + value.error());
    }
    return std::move(*value);
}

const Reply& Reply::orThrow() const {
    if (!answered()) {
        throw Error(failure_, error_);
    }
    if (status_ >= 500 || status_ == 429) {
        throw Error(STOA_UNAVAILABLE, "a call was answered with " + std::to_string(status_));
    }
    return *this;
}

Reply Client::call(const Call& call) const { return std::move(callAll({call}).front()); }

std::vector<Reply> Client::callAll(const std::vector<Call>& calls) const {
    const stoa_client& client = clientOf(capabilities_);
    std::vector<Reply> replies(calls.size());
    if (calls.empty()) {
        return replies;
    }
    std::deque<RawCall> kept;
    std::vector<const stoa_call*> raw;
    raw.reserve(calls.size());
    for (const Call& call : calls) {
        raw.push_back(&kept.emplace_back(call).raw());
    }
    std::vector<stoa_status> statuses(calls.size(), STOA_INTERNAL);
    std::vector<stoa_reply*> answers(calls.size(), nullptr);
    const stoa_status all = calls.size() == 1
                                ? statuses[0] = client.call(&client, raw.front(), answers.data())
                                : client.call_all(&client, raw.data(), raw.size(), statuses.data(), answers.data());
    for (std::size_t i = 0; i < calls.size(); ++i) {
        Reply& reply = replies[i];
        if (answers[i] != nullptr) {
            Answer answer = take(client, answers[i]);
            reply.status_ = answer.status;
            reply.body_ = std::move(answer.body);
            reply.headers_ = std::move(answer.headers);
            continue;
        }
        reply.failure_ = all == STOA_OK ? statuses[i] : all;
        reply.error_ = why(capabilities_, calls[i], reply.failure_);
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
        refuseMistakes(capabilities_, calls[i], replies[i].failure_);
    }
    return replies;
}

Client::Route Client::resolve(std::string_view method, std::string_view path) const {
    const stoa_client& client = clientOf(capabilities_);
    stoa_route_info info{};
    info.struct_size = sizeof info;
    const stoa_status status = client.resolve(&client, view(method), view(path), &info);
    if (status != STOA_NOT_FOUND && status != STOA_UNAVAILABLE) {
        capabilities_.check(status, "the fleet's routes are not known");
    }
    return {status == STOA_OK && info.found != 0,
            info.path_known != 0,
            status == STOA_UNAVAILABLE,
            text(info.service),
            text(info.auth),
            text(info.route),
            text(info.allow)};
}

std::vector<std::string> Client::services() const {
    const stoa_client& client = clientOf(capabilities_);
    detail::StringWriter writer;
    capabilities_.check(client.services(&client, writer.raw()), "the fleet's services are not known");
    const std::string lines = writer.take();
    std::vector<std::string> names;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        if (end > at) {
            names.push_back(lines.substr(at, end - at));
        }
        at = end + 1;
    }
    return names;
}

Json::Value Client::openapi(const std::string& service) const {
    const stoa_client& client = clientOf(capabilities_);
    detail::StringWriter writer;
    if (client.openapi(&client, view(service), writer.raw()) != STOA_OK) {
        return {};
    }
    return parseJson(writer.take()).value_or(Json::Value{});
}

Reply External::call(const Call& call) const {
    const stoa_external* external = capabilities_.external;
    if (external == nullptr) {
        throw Error(STOA_UNSUPPORTED, "the host gives this plugin no stoa.external/1: name it in the manifest");
    }
    const RawCall raw{call};
    stoa_reply* answer = nullptr;
    std::uint32_t sent = 0;
    Reply reply;
    reply.failure_ = external->call(external, &raw.raw(), &answer, &sent);
    reply.sent_ = sent != 0;
    if (answer != nullptr) {
        Answer taken = take(*external, answer);
        reply.status_ = taken.status;
        reply.body_ = std::move(taken.body);
        reply.headers_ = std::move(taken.headers);
        return reply;
    }
    reply.error_ = why(capabilities_, call, reply.failure_);
    refuseMistakes(capabilities_, call, reply.failure_);
    return reply;
}

std::string escapeSegment(std::string_view text) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string escaped;
    for (const char c : text) {
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '-' || c == '.' || c == '_' || c == '~';
        if (unreserved) {
            escaped += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            escaped += '%';
            escaped += kDigits[byte >> 4u];
            escaped += kDigits[byte & 0x0Fu];
        }
    }
    return escaped;
}

}  // namespace stoa
