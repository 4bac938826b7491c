#include <algorithm>
#include <cstring>

#include "exchange.h"

namespace stoa::fake {

namespace {

stoa_status found(stoa_str* value, std::string_view text) {
    *value = view(text);
    return STOA_OK;
}

stoa_status absent(stoa_str* value) {
    *value = {};
    return STOA_NOT_FOUND;
}

stoa_status routeIndex(const stoa_http* http, stoa_str operation, uint32_t* index) {
    const auto& all = static_cast<World*>(http->self)->manifest.routes;
    const auto it =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.operation == text(operation); });
    if (it == all.end()) {
        return STOA_NOT_FOUND;
    }
    *index = static_cast<uint32_t>(it - all.begin());
    return STOA_OK;
}

stoa_status operationName(const stoa_http* http, uint32_t index, stoa_str* operation) {
    const auto& all = static_cast<World*>(http->self)->manifest.routes;
    return index < all.size() ? found(operation, all[index].operation) : absent(operation);
}

stoa_str method(const stoa_request* request) { return view(Exchange::of(request).method()); }
stoa_str path(const stoa_request* request) { return view(Exchange::of(request).path()); }
stoa_str queryString(const stoa_request* request) { return view(Exchange::of(request).query()); }

stoa_status pathParam(const stoa_request* request, stoa_str name, stoa_str* value) {
    const auto& all = Exchange::of(request).parameters;
    const auto it = all.find(std::string(text(name)));
    return it == all.end() ? absent(value) : found(value, it->second);
}

stoa_status query(const stoa_request* request, stoa_str name, stoa_str* value) {
    const auto& all = Exchange::of(request).queries;
    const auto it = std::find_if(all.begin(), all.end(), [&](const auto& pair) { return pair.first == text(name); });
    return it == all.end() ? absent(value) : found(value, it->second);
}

stoa_status header(const stoa_request* request, stoa_str name, stoa_str* value) {
    const std::string wanted{text(name)};
    for (const auto& each : Exchange::of(request).headers()) {
        if (!findHeader({each}, wanted).empty()) {
            return found(value, each.second);
        }
    }
    return absent(value);
}

stoa_str body(const stoa_request* request) {
    const Exchange& exchange = Exchange::of(request);
    return exchange.route().streaming ? stoa_str{} : view(exchange.body());
}

stoa_status readBody(stoa_request* request, void* buffer, size_t capacity, size_t* size) {
    Exchange& exchange = Exchange::of(request);
    constexpr std::size_t kMostAtOnce = 100;  // so that lines come in pieces, as from a socket
    *size = std::min({capacity, exchange.body().size() - exchange.read, kMostAtOnce});
    if (static_cast<std::int64_t>(exchange.read + *size) > exchange.route().max_body) {
        return exchange.world().fail(STOA_EXHAUSTED, "the body is larger than the route's maxBody");
    }
    std::memcpy(buffer, exchange.body().data() + exchange.read, *size);
    exchange.read += *size;
    return STOA_OK;
}

stoa_status caller(const stoa_request* request, stoa_caller* caller) {
    if (!STOA_HAS(caller, address)) {
        return Exchange::of(request).world().fail(STOA_INVALID,
                                                  "set struct_size of the stoa_caller before it is filled");
    }
    const stoa_caller known = Exchange::of(request).caller();
    const std::uint32_t room = caller->struct_size;
    std::memcpy(caller, &known, std::min<std::size_t>(room, sizeof known));
    caller->struct_size = room;
    return STOA_OK;
}

stoa_status claim(const stoa_request* request, stoa_claim* claim) {
    const Exchange& exchange = Exchange::of(request);
    if (!exchange.claim) {
        return STOA_NOT_FOUND;
    }
    claim->attempt = static_cast<uint32_t>(exchange.claim->attempt);
    header(request, view("Idempotency-Key"), &claim->key);
    claim->resource_id = view(exchange.claim->resource_id);
    return STOA_OK;
}

int64_t remainingUs(const stoa_request* request) { return Exchange::of(request).left(); }

stoa_status setStatus(stoa_response* response, uint32_t status) {
    Exchange& exchange = Exchange::of(response);
    if (status < 200 || status > 599) {
        return exchange.world().fail(STOA_INVALID, "a status is from 200 to 599, not " + std::to_string(status));
    }
    exchange.answer = {};
    exchange.answer.status = static_cast<int>(status);
    return STOA_OK;
}

stoa_status setHeader(stoa_response* response, stoa_str name, stoa_str value) {
    Exchange& exchange = Exchange::of(response);
    const Headers given{{std::string(text(name)), std::string(text(value))}};
    for (const char* host_owned : {"Content-Length", "Transfer-Encoding", "Connection", "Idempotent-Replayed"}) {
        if (!findHeader(given, host_owned).empty()) {
            return exchange.world().fail(STOA_INVALID, std::string(host_owned) + " is set by the host");
        }
    }
    if (given[0].second.find_first_of("\r\n") != std::string::npos) {
        return exchange.world().fail(STOA_INVALID, "a header is one line: " + given[0].first);
    }
    exchange.answer.headers.push_back(given[0]);
    return STOA_OK;
}

stoa_status setBody(stoa_response* response, stoa_str content_type, stoa_str body) {
    Answer& answer = Exchange::of(response).answer;
    answer.headers.emplace_back("Content-Type", text(content_type));
    answer.body = text(body);
    return STOA_OK;
}

stoa_status forward(stoa_response* response, const stoa_forward* raw) {
    if (!STOA_HAS(raw, require)) {
        return Exchange::of(response).world().fail(STOA_INVALID, "set struct_size of the stoa_forward");
    }
    Forward forward;
    forward.service = text(raw->service);
    forward.path = text(raw->path);
    forward.require = text(raw->require);
    forward.timeout_ms = raw->timeout_ms;
    for (std::size_t i = 0; i < raw->set_count; ++i) {
        forward.set.emplace_back(text(raw->set[i].name), text(raw->set[i].value));
    }
    for (std::size_t i = 0; i < raw->drop_count; ++i) {
        forward.drop.emplace_back(text(raw->drop[i]));
    }
    Exchange::of(response).answer = {};
    Exchange::of(response).answer.forward = std::move(forward);
    return STOA_OK;
}

stoa_status storeAnswer(stoa_response* response, stoa_tx* tx) {
    Exchange& exchange = Exchange::of(response);
    stoa_status status = STOA_OK;
    const stoa_status outcome = guarded(exchange.world(), [&] {
        if (!Transaction::of(tx)->writes) {
            throw Error(STOA_INVALID, "an answer is stored in a write transaction");
        }
        status = exchange.store();
    });
    return outcome == STOA_OK ? status : outcome;
}

class Http final : public Capability {
public:
    explicit Http(World& world)
        : table_{sizeof(stoa_http),
                 0,
                 &world,
                 routeIndex,
                 operationName,
                 method,
                 path,
                 pathParam,
                 query,
                 queryString,
                 header,
                 body,
                 readBody,
                 caller,
                 claim,
                 remainingUs,
                 setStatus,
                 setHeader,
                 setBody,
                 forward,
                 storeAnswer} {}
    std::string_view id() const override { return STOA_HTTP_ID; }
    const void* table() const override { return &table_; }

private:
    stoa_http table_;
};

}  // namespace

std::unique_ptr<Capability> makeHttp(World& world) { return std::make_unique<Http>(world); }

}  // namespace stoa::fake
