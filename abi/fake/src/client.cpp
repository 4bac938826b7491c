#include <stoa/json.h>

#include "path.h"
#include "world.h"

namespace stoa::fake {

namespace {

/// `stoa_reply` of the ABI.
struct Reply {
    int status;
    std::string body;
    Headers headers;

    static const Reply* of(const stoa_reply* raw) { return reinterpret_cast<const Reply*>(raw); }
};

Incoming incoming(const stoa_call& call) {
    const std::string_view target = text(call.path);
    Incoming in;
    in.method = text(call.method);
    in.path = target.substr(0, target.find('?'));
    in.query = in.path.size() < target.size() ? target.substr(in.path.size() + 1) : std::string_view{};
    for (std::size_t i = 0; i < call.header_count; ++i) {
        in.headers.emplace_back(text(call.headers[i].name), text(call.headers[i].value));
    }
    if (call.content_type.size > 0) {
        in.headers.emplace_back("Content-Type", text(call.content_type));
    }
    in.body = text(call.body);
    in.as_user = call.as_user != 0;
    in.timeout_ms = call.timeout_ms;
    return in;
}

void refuseMistakes(const World& world, const stoa_call& call) {
    if (!STOA_HAS(&call, idempotent)) {
        throw Error(STOA_INVALID, "struct_size of the call is not set");
    }
    if (world.transactionIsOpen()) {
        throw Error(STOA_INVALID, "a transaction is open: do the calls before it");
    }
    if (text(call.path).substr(0, 1) != "/" || call.method.size == 0 || call.service.size == 0) {
        throw Error(STOA_INVALID, "a call needs a service, a method, and a path that begins with /");
    }
    if (!findHeader(incoming(call).headers, "Authorization").empty()) {
        throw Error(STOA_INVALID, "Authorization is set by the host");
    }
}

/// Answers with the neighbour's or the endpoint's script.
stoa_status ask(World& world, std::map<std::string, Neighbour>& all, const stoa_call& call, stoa_reply** reply,
                bool& sent) {
    return guarded(world, [&] {
        keepingMistakes(world, [&] { refuseMistakes(world, call); });
        const std::string name{text(call.service)};
        Neighbour& neighbour = all.try_emplace(name, name).first->second;
        const Outgoing out = neighbour.answer(incoming(call));
        sent = out.failure == STOA_OK || out.sent;
        if (out.failure != STOA_OK) {
            throw Error(out.failure, name + " " + std::string(text(call.method)) + " " + std::string(text(call.path)) +
                                         ": nothing is scripted, or it is down");
        }
        Headers headers = out.headers;
        if (!out.json.isNull()) {
            headers.emplace_back("Content-Type", out.status < 400 ? "application/json" : "application/problem+json");
        }
        *reply = reinterpret_cast<stoa_reply*>(
            new Reply{out.status, out.json.isNull() ? out.body : writeJson(out.json), std::move(headers)});
    });
}

stoa_status call(const stoa_client* client, const stoa_call* call, stoa_reply** reply) {
    World& world = *static_cast<World*>(client->self);
    bool sent = false;
    return ask(world, world.neighbours, *call, reply, sent);
}

stoa_status callAll(const stoa_client* client, const stoa_call* const* calls, size_t count, stoa_status* statuses,
                    stoa_reply** replies) {
    for (std::size_t i = 0; i < count; ++i) {
        statuses[i] = call(client, calls[i], &replies[i]);
    }
    return STOA_OK;
}

stoa_status callExternal(const stoa_external* external, const stoa_call* call, stoa_reply** reply, uint32_t* sent) {
    World& world = *static_cast<World*>(external->self);
    bool reached = false;
    const stoa_status status = ask(world, world.endpoints, *call, reply, reached);
    *sent = reached ? 1 : 0;
    return status;
}

uint32_t replyStatus(const stoa_reply* reply) { return static_cast<uint32_t>(Reply::of(reply)->status); }

stoa_status replyHeader(const stoa_reply* reply, stoa_str name, stoa_str* value) {
    const std::string wanted{text(name)};
    for (const auto& header : Reply::of(reply)->headers) {
        if (!findHeader({header}, wanted).empty()) {
            *value = view(header.second);
            return STOA_OK;
        }
    }
    *value = {};
    return STOA_NOT_FOUND;
}

stoa_str replyBody(const stoa_reply* reply) { return view(Reply::of(reply)->body); }
void release(stoa_reply* reply) { delete reinterpret_cast<Reply*>(reply); }

/// What a gateway may ask: the routes that Options::fleet names.
stoa_status resolve(const stoa_client* client, stoa_str method, stoa_str path, stoa_route_info* info) {
    const World& world = *static_cast<World*>(client->self);
    info->found = 0;
    info->path_known = 0;
    for (const FleetRoute& route : world.options.fleet) {
        if (!matchPath(route.path, text(path))) {
            continue;
        }
        info->path_known = 1;
        info->allow = view(route.method);
        if (route.method == text(method)) {
            info->found = 1;
            info->service = view(route.service);
            info->auth = view(route.auth);
            info->route = view(route.path);
            return STOA_OK;
        }
    }
    return world.options.fleet_complete || info->path_known ? STOA_NOT_FOUND : STOA_UNAVAILABLE;
}

stoa_status services(const stoa_client* client, const stoa_writer* names) {
    std::string lines;
    for (const auto& [name, document] : static_cast<World*>(client->self)->options.services) {
        lines += name + "\n";
    }
    writeTo(names, lines);
    return STOA_OK;
}

stoa_status openapi(const stoa_client* client, stoa_str service, const stoa_writer* document) {
    const auto& all = static_cast<World*>(client->self)->options.services;
    const auto found = all.find(std::string(text(service)));
    if (found == all.end()) {
        return STOA_NOT_FOUND;
    }
    writeTo(document, writeJson(found->second));
    return STOA_OK;
}

class Client final : public Capability {
public:
    explicit Client(World& world)
        : table_{sizeof(stoa_client), 0,         &world,  call,    callAll,  replyStatus,
                 replyHeader,         replyBody, release, resolve, services, openapi} {}
    std::string_view id() const override { return STOA_CLIENT_ID; }
    const void* table() const override { return &table_; }

private:
    stoa_client table_;
};

class External final : public Capability {
public:
    explicit External(World& world)
        : table_{sizeof(stoa_external), 0, &world, callExternal, replyStatus, replyHeader, replyBody, release} {}
    std::string_view id() const override { return STOA_EXTERNAL_ID; }
    const void* table() const override { return &table_; }

private:
    stoa_external table_;
};

}  // namespace

std::unique_ptr<Capability> makeClient(World& world) { return std::make_unique<Client>(world); }
std::unique_ptr<Capability> makeExternal(World& world) { return std::make_unique<External>(world); }

}  // namespace stoa::fake
