#include "host/outbound/client_capability.h"

#include <stoa/abi/client.h>

#include "host/memory/account.h"
#include "host/outbound/directory_index.h"
#include "host/outbound/reply.h"

namespace stoa::host::outbound {
namespace {

/// Nothing is thrown across the ABI.
template <class Action>
stoa_status guarded(Action&& action) {
    const memory::HostScope host;
    try {
        return action();
    } catch (const Error& error) {
        setLastError(error.what());
        return error.status();
    } catch (const std::exception& error) {
        setLastError(error.what());
        return STOA_INTERNAL;
    }
}

stoa_status refuse(std::string why) {
    setLastError(std::move(why));
    return STOA_INVALID;
}

/// The index whose views a handler of this thread may hold: the last two, for one that asks twice across a change.
const DirectoryIndex& pinned(ServiceClient& client) {
    thread_local std::shared_ptr<const DirectoryIndex> now;
    thread_local std::shared_ptr<const DirectoryIndex> before;
    if (auto index = client.index(); index != now) {
        before = std::exchange(now, std::move(index));
    }
    return *now;
}

class ClientBinding : public plugin::Binding {
public:
    ClientBinding(ServiceClient& client, std::string service) : client_(client), service_(std::move(service)) {
        table_.struct_size = sizeof(table_);
        table_.self = this;
        table_.call = call;
        table_.call_all = callAll;
        table_.reply_status = replyStatus;
        table_.reply_header = replyHeader;
        table_.reply_body = replyBody;
        table_.release = releaseReply;
        table_.resolve = resolve;
        table_.services = services;
        table_.openapi = openapi;
    }
    const void* table() const override { return &table_; }

private:
    static ClientBinding& of(const stoa_client* client) { return *static_cast<ClientBinding*>(client->self); }

    static tl::expected<ServiceCall, std::string> serviceCall(const stoa_call* call) {
        auto plain = copyCall(call);
        if (!plain) {
            return tl::unexpected(std::move(plain.error()));
        }
        ServiceCall made;
        made.service = std::move(plain->service);
        made.method = std::move(plain->method);
        made.path = std::move(plain->path);
        made.headers = std::move(plain->headers);
        made.body = std::move(plain->body);
        made.as_user = plain->as_user;
        made.idempotent = plain->idempotent;
        made.timeout = plain->timeout;
        return made;
    }

    static stoa_status call(const stoa_client* client, const stoa_call* call, stoa_reply** reply) {
        return guarded([&]() -> stoa_status {
            *reply = nullptr;
            auto made = serviceCall(call);
            if (!made) {
                return refuse(std::move(made.error()));
            }
            return takeOutcome(of(client).client_.call(std::move(*made)), reply);
        });
    }

    static stoa_status callAll(const stoa_client* client, const stoa_call* const* calls, size_t count,
                               stoa_status* statuses, stoa_reply** replies) {
        return guarded([&]() -> stoa_status {
            std::vector<ServiceCall> made;
            std::fill_n(replies, count, nullptr);
            for (size_t i = 0; i < count; ++i) {
                auto one = serviceCall(calls[i]);
                if (!one) {
                    return refuse(std::move(one.error()));
                }
                made.push_back(std::move(*one));
            }
            auto outcomes = of(client).client_.callAll(std::move(made));
            for (size_t i = 0; i < count; ++i) {
                statuses[i] = takeOutcome(std::move(outcomes[i]), &replies[i]);
            }
            return STOA_OK;
        });
    }

    static stoa_status resolve(const stoa_client* client, stoa_str method, stoa_str path, stoa_route_info* info) {
        return guarded([&]() -> stoa_status {
            if (!info || !STOA_HAS(info, allow)) {
                return refuse("struct_size of the route info is not set");
            }
            auto& self = of(client);
            const DirectoryIndex& index = pinned(self.client_);
            const auto found = index.find(text(method), text(path), self.service_);
            info->found = found.found ? 1 : 0;
            info->path_known = found.path_known ? 1 : 0;
            info->service = view(found.service);
            info->auth = view(found.auth);
            info->route = view(found.route);
            info->allow = view(found.allow);
            if (found.found || found.path_known) {
                return found.found ? STOA_OK : STOA_NOT_FOUND;
            }
            if (!index.directory()->complete) {
                setLastError("not every host of the fleet has been heard of yet; try again soon");
                return STOA_UNAVAILABLE;
            }
            return STOA_NOT_FOUND;
        });
    }

    static stoa_status services(const stoa_client* client, const stoa_writer* names) {
        return guarded([&]() -> stoa_status {
            std::string lines;
            for (const auto& name : of(client).client_.index()->services()) {
                lines += name + "\n";
            }
            return names->write(names, lines.data(), lines.size());
        });
    }

    static stoa_status openapi(const stoa_client* client, stoa_str service, const stoa_writer* document) {
        return guarded([&]() -> stoa_status {
            ServiceCall call;
            call.service = text(service);
            call.path = "/stoa/v1/services/" + call.service + "/openapi.json";
            const auto outcome = of(client).client_.call(std::move(call));
            if (!outcome.answered()) {
                setLastError(outcome.error);
                return outcome.status;
            }
            const auto& body = outcome.response.body;
            if (outcome.response.status != 200) {
                setLastError("the service answered " + std::to_string(outcome.response.status) + " for its OpenAPI");
                return outcome.response.status == 404 ? STOA_NOT_FOUND : STOA_UNAVAILABLE;
            }
            return document->write(document, body.data(), body.size());
        });
    }

    ServiceClient& client_;
    const std::string service_;
    stoa_client table_{};
};

}  // namespace

std::unique_ptr<plugin::Binding> ClientCapability::bind(const plugin::Environment& environment) {
    return std::make_unique<ClientBinding>(client_, environment.service);
}

}  // namespace stoa::host::outbound
