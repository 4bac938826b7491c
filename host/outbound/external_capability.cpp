#include "host/outbound/external_capability.h"

#include <map>

#include <fmt/format.h>

#include <stoa/abi/external.h>

#include "host/memory/account.h"
#include "host/outbound/external_endpoint.h"

namespace stoa::host::outbound {
namespace {

class ExternalBinding : public plugin::Binding {
public:
    ExternalBinding(const plugin::Environment& environment, HttpClient& client,
                    const ExternalCapability::Secret& secret, observe::Metrics& metrics)
        : service_(environment.service) {
        const auto& endpoints = environment.config["external"];
        for (const auto& name : endpoints.isObject() ? endpoints.getMemberNames() : std::vector<std::string>{}) {
            const auto& section = endpoints[name];
            const std::string reference =
                section.isObject() && section["bearer"].isString() ? section["bearer"].asString() : std::string{};
            endpoints_.try_emplace(name, environment.service, name, section,
                                   reference.empty() ? std::string{} : secret(reference), client, metrics);
        }
        table_.struct_size = sizeof(table_);
        table_.self = this;
        table_.call = call;
        table_.reply_status = replyStatus;
        table_.reply_header = replyHeader;
        table_.reply_body = replyBody;
        table_.release = releaseReply;
    }
    const void* table() const override { return &table_; }

private:
    static stoa_status call(const stoa_external* external, const stoa_call* call, stoa_reply** reply, uint32_t* sent) {
        const memory::HostScope host;
        try {
            *reply = nullptr;
            *sent = 0;
            return static_cast<ExternalBinding*>(external->self)->run(call, reply, sent);
        } catch (const Error& error) {
            setLastError(error.what());
            return error.status();
        } catch (const std::exception& error) {
            setLastError(error.what());
            return STOA_INTERNAL;
        }
    }

    stoa_status run(const stoa_call* call, stoa_reply** reply, uint32_t* sent) {
        auto plain = copyCall(call);
        if (!plain) {
            setLastError(std::move(plain.error()));
            return STOA_INVALID;
        }
        if (const auto* const work = currentWork(); work && work->open_transactions > 0) {
            setLastError("a call to " + plain->service + " while a transaction is open; end the transaction first");
            return STOA_INVALID;
        }
        if (plain->as_user) {
            setLastError("a user's token never leaves the fleet: as_user is for stoa.client/1");
            return STOA_INVALID;
        }
        const auto endpoint = endpoints_.find(plain->service);
        if (endpoint == endpoints_.end()) {
            setLastError(fmt::format("no endpoint \"{0}\" is configured; set plugins.{1}.external.{0}.url",
                                     plain->service, service_));
            return STOA_UNAVAILABLE;
        }
        auto outcome = endpoint->second.call(std::move(*plain));
        *sent = outcome.sent ? 1 : 0;
        return takeOutcome(std::move(outcome), reply);
    }

    const std::string service_;
    std::map<std::string, ExternalEndpoint> endpoints_;
    stoa_external table_{};
};

}  // namespace

std::unique_ptr<plugin::Binding> ExternalCapability::bind(const plugin::Environment& environment) {
    return std::make_unique<ExternalBinding>(environment, client_, secret_, metrics_);
}

}  // namespace stoa::host::outbound
