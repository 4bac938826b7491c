#include "host/dispatch/http_capability.h"

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <cstring>
#include <future>

#include <stoa/error.h>

#include "host/dispatch/request_state.h"
#include "host/memory/account.h"
#include "host/sql/sql_capability.h"

namespace stoa::host::dispatch {
namespace {

std::string copy(stoa_str value) { return std::string(text(value)); }

bool sameName(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
               return std::tolower(x) == std::tolower(y);
           });
}

/// The listener's own, and what would let a plugin break the framing.
bool reserved(std::string_view name) {
    constexpr std::string_view kReserved[] = {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
                                              "Upgrade",        "Trailer",           "TE",         "Date"};
    return std::any_of(std::begin(kReserved), std::end(kReserved), [&](auto each) { return sameName(each, name); });
}

bool isToken(std::string_view name) {
    constexpr std::string_view kExtra = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](unsigned char c) {
        return std::isalnum(c) || kExtra.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

bool isFieldValue(std::string_view value) {
    return std::all_of(value.begin(), value.end(),
                       [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

stoa_status give(std::optional<std::string_view> found, stoa_str* value) {
    *value = view(found.value_or(std::string_view{}));
    return found ? STOA_OK : STOA_NOT_FOUND;
}

/// No exception crosses; whatever happens has a status and a reason.
template <class Work>
stoa_status guarded(Work&& work) {
    const memory::HostScope host;
    try {
        return work();
    } catch (const Error& failure) {
        setLastError(failure.what());
        return failure.status();
    } catch (const std::exception& failure) {
        setLastError(failure.what());
        return STOA_INTERNAL;
    }
}

stoa_status refuse(std::string why) {
    setLastError(std::move(why));
    return STOA_INVALID;
}

http::Response asAnswer(const stoa_response& response) {
    http::Response answer;
    answer.status = response.status;
    answer.headers = response.headers;
    answer.body = response.body;
    return answer;
}

/// One chunk of a streaming body, waited for until the deadline. The callback may outlive the wait, so what it touches
/// is shared.
http::BodySource::Chunk nextChunk(http::BodySource& source, Deadline deadline) {
    auto promise = std::make_shared<std::promise<http::BodySource::Chunk>>();
    auto future = promise->get_future();
    source.read([promise](http::BodySource::Chunk chunk) { promise->set_value(std::move(chunk)); });
    if (future.wait_until(deadline) != std::future_status::ready) {
        return {STOA_DEADLINE, {}, true};
    }
    return future.get();
}

stoa_status readBody(stoa_request& request, void* buffer, size_t capacity, size_t* size) {
    *size = 0;
    const auto& source = request.message().source;
    while (request.unread.empty() && source && !request.body_ended) {
        http::BodySource::Chunk chunk = nextChunk(*source, *request.work.deadline);
        if (chunk.status != STOA_OK) {
            setLastError("the request's body broke off");
            return chunk.status;
        }
        request.body_ended = chunk.end;
        request.unread = std::move(chunk.data);
    }
    *size = std::min(capacity, request.unread.size());
    std::memcpy(buffer, request.unread.data(), *size);
    request.unread.erase(0, *size);
    return STOA_OK;
}

stoa_status callerOf(const stoa_request& request, stoa_caller* caller) {
    if (!STOA_HAS(caller, address)) {
        return refuse("set struct_size of the stoa_caller before it is filled");
    }
    const security::Identity& identity = request.identity;
    caller->authenticated = identity.user ? 1 : 0;
    caller->subject = view(identity.subject);
    caller->roles = view(identity.roles);
    caller->session = view(identity.session);
    caller->service = view(identity.service);
    caller->address = view(request.address);
    return STOA_OK;
}

stoa_status claimOf(const stoa_request& request, stoa_claim* claim) {
    if (!STOA_HAS(claim, resource_id)) {
        return refuse("set struct_size of the stoa_claim before it is filled");
    }
    if (!request.claim) {
        return STOA_NOT_FOUND;
    }
    claim->attempt = request.claim->attempt;
    claim->key = view(request.claim->id.key);
    claim->resource_id = view(request.claim->resource_id);
    return STOA_OK;
}

stoa_status setForward(stoa_response& response, const stoa_forward& wanted) {
    if (!STOA_HAS(&wanted, require)) {
        return refuse("stoa_forward is shorter than its first version: set struct_size");
    }
    const std::string_view require = text(wanted.require);
    if (require != "public" && require != "user" && require != "staff") {
        return refuse("a forward requires \"public\", \"user\" or \"staff\"");
    }
    stoa_response::Forward forward{copy(wanted.service),
                                   copy(wanted.path),
                                   std::string(require),
                                   {},
                                   {},
                                   std::chrono::milliseconds{wanted.timeout_ms}};
    if (forward.service.empty() || !forward.path.starts_with('/')) {
        return refuse("a forward needs a service, and a path that begins with /");
    }
    for (size_t i = 0; i < wanted.set_count; ++i) {
        forward.set.emplace_back(copy(wanted.set[i].name), copy(wanted.set[i].value));
    }
    for (size_t i = 0; i < wanted.drop_count; ++i) {
        forward.drop.push_back(copy(wanted.drop[i]));
    }
    response.forward = std::move(forward);
    return STOA_OK;
}

class HttpBinding final : public plugin::Binding {
public:
    explicit HttpBinding(const plugin::Environment& environment) : manifest_(environment.manifest) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.route = route;
        table_.operation = [](const stoa_http* http, uint32_t index, stoa_str* operation) -> stoa_status {
            const auto& routes = self(http).manifest_->routes;
            if (index >= routes.size()) {
                return STOA_NOT_FOUND;
            }
            *operation = view(routes[index].operation);
            return STOA_OK;
        };
        setRequestFunctions();
        setResponseFunctions();
    }

    const void* table() const override { return &table_; }

private:
    static HttpBinding& self(const stoa_http* http) { return *static_cast<HttpBinding*>(http->self); }

    static stoa_status route(const stoa_http* http, stoa_str operation, uint32_t* index) {
        const auto& routes = self(http).manifest_->routes;
        const auto found = std::find_if(routes.begin(), routes.end(),
                                        [&](const auto& each) { return each.operation == text(operation); });
        if (found == routes.end()) {
            setLastError("the manifest has no route for the operation " + copy(operation));
            return STOA_NOT_FOUND;
        }
        *index = static_cast<uint32_t>(found - routes.begin());
        return STOA_OK;
    }

    void setRequestFunctions() {
        table_.method = [](const stoa_request* request) { return view(request->message().method); };
        table_.path = [](const stoa_request* request) { return view(request->message().path); };
        table_.path_param = [](const stoa_request* request, stoa_str name, stoa_str* value) {
            return give(request->parameter(text(name)), value);
        };
        table_.query = [](const stoa_request* request, stoa_str name, stoa_str* value) {
            return give(request->queryValue(text(name)), value);
        };
        table_.query_string = [](const stoa_request* request) { return view(request->message().query); };
        table_.header = [](const stoa_request* request, stoa_str name, stoa_str* value) {
            return give(request->message().headers.find(text(name)), value);
        };
        table_.body = [](const stoa_request* request) { return view(request->message().body); };
        table_.read = [](stoa_request* request, void* buffer, size_t capacity, size_t* size) {
            return guarded([&] { return readBody(*request, buffer, capacity, size); });
        };
        table_.caller = [](const stoa_request* request, stoa_caller* caller) { return callerOf(*request, caller); };
        table_.claim = [](const stoa_request* request, stoa_claim* claim) { return claimOf(*request, claim); };
        table_.remaining_us = [](const stoa_request* request) -> int64_t {
            const auto left = *request->work.deadline - std::chrono::steady_clock::now();
            return std::chrono::duration_cast<std::chrono::microseconds>(left).count();
        };
    }

    void setResponseFunctions() {
        table_.set_status = [](stoa_response* response, uint32_t status) {
            if (status < 200 || status > 599) {
                return refuse("an answer's status is 200 to 599");
            }
            response->status = static_cast<int>(status);
            response->headers = {};
            response->body.clear();
            response->forward.reset();
            response->stored = false;
            return static_cast<stoa_status>(STOA_OK);
        };
        table_.set_header = [](stoa_response* response, stoa_str name, stoa_str value) {
            if (!isToken(text(name)) || reserved(text(name)) || !isFieldValue(text(value))) {
                return refuse("not a header that a plugin may set: " + copy(name));
            }
            return guarded([&]() -> stoa_status {
                response->headers.set(text(name), copy(value));
                response->stored = false;
                return STOA_OK;
            });
        };
        table_.set_body = [](stoa_response* response, stoa_str type, stoa_str body) {
            return guarded([&]() -> stoa_status {
                response->headers.set("Content-Type", copy(type));
                response->body = copy(body);
                response->stored = false;
                return STOA_OK;
            });
        };
        table_.forward = [](stoa_response* response, const stoa_forward* forward) {
            return guarded([&] { return setForward(*response, *forward); });
        };
        table_.store = [](stoa_response* response, stoa_tx* tx) {
            return guarded([&]() -> stoa_status {
                if (response->request.claim) {
                    response->idempotency.store(tx->transaction, *response->request.claim, asAnswer(*response));
                    response->stored = true;
                }
                return STOA_OK;
            });
        };
    }

    std::shared_ptr<const validate::Manifest> manifest_;
    stoa_http table_{};
};

}  // namespace

std::string_view HttpCapability::id() const { return STOA_HTTP_ID; }

std::unique_ptr<plugin::Binding> HttpCapability::bind(const plugin::Environment& environment) {
    return std::make_unique<HttpBinding>(environment);
}

}  // namespace stoa::host::dispatch
