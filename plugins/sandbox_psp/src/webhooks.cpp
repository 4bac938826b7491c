#include "webhooks.h"

#include <span>

#include <stoa/base64.h>
#include <stoa/json.h>

#include "views.h"

namespace sandbox_psp {
namespace {

constexpr std::uint32_t kMostAttempts = 10;

std::string signature(const stoa::Host& host, const std::string& body) {
    const std::string time = std::to_string(stoa::toMicros(host.now()) / 1'000'000);
    const std::string mac = host.crypto().hmacSha256("webhook", time + "." + body);
    return "t=" + time + ",v1=" + stoa::hex({reinterpret_cast<const std::uint8_t*>(mac.data()), mac.size()});
}

}  // namespace

void sendWebhook(stoa::Host& host, const stoa::Firing& firing) {
    const auto entry =
        host.sql().read([&](stoa::Transaction& tx) { return store::findBySequence(tx, std::stoll(firing.key)); });
    if (!entry) {
        return;
    }
    const std::string body = stoa::writeJson(webhookView(*entry));
    const stoa::Reply reply = host.external().call({.service = "shop",
                                                    .method = "POST",
                                                    .path = host.config()["webhookUrl"].asString(),
                                                    .headers = {{"Psp-Signature", signature(host, body)}},
                                                    .raw_body = body,
                                                    .content_type = "application/json"});
    if (reply.ok()) {
        return;
    }
    if (firing.attempt >= kMostAttempts) {
        host.log().warn("a webhook was given up", {{"operation", firing.key}, {"error", reply.error()}});
        return;
    }
    throw stoa::Error(STOA_UNAVAILABLE, "the shop did not take the webhook: " +
                                            (reply.answered() ? std::to_string(reply.status()) : reply.error()));
}

}  // namespace sandbox_psp
