// The protocol of plugins/sandbox_psp, at the external endpoint "psp".

#include <charconv>

#include <stoa/base64.h>
#include <stoa/json.h>

#include "provider.h"

namespace payment {
namespace {

constexpr std::string_view kFirstCursor = "0";
constexpr std::string_view kOrphan = "orphan:";  // begins the keys of what release() does

ProviderPayment paymentOf(const Json::Value& json) {
    ProviderPayment payment;
    payment.id = json["id"].asString();
    payment.reference = json["reference"].asString();
    payment.authorized = json["authorized"].asInt64();
    payment.captured = json["captured"].asInt64();
    payment.refunded = json["refunded"].asInt64();
    payment.voided = json["status"].asString() == "voided";
    for (const Json::Value& each : json["operations"]) {
        payment.requests.push_back({each["key"].asString(), each["done"].asBool(), stoa::textOr(each, "reason")});
    }
    return payment;
}

/// Answers that say "not now", and nothing of the request itself.
bool mayBeRepeated(int status) {
    return status == 401 || status == 403 || status == 408 || status == 409 || status == 425 || status == 429;
}

/// Answers by which the provider refuses this very request. Any other one outside 2xx, a 404 above all, comes from a
/// provider that was configured wrongly, starts, or has lost its books: no reason to call a card declined.
bool isRefusal(int status) { return status == 400 || status == 402 || status == 422; }

Attempt attemptOf(const stoa::Reply& reply, const Op& op) {
    if (!reply.answered()) {
        return {reply.sent() ? Attempt::Kind::kUnknown : Attempt::Kind::kNotDone, {}, reply.error()};
    }
    const std::string error = "the provider answered " + std::to_string(reply.status());
    if (mayBeRepeated(reply.status())) {
        return {Attempt::Kind::kNotDone, {}, error};
    }
    if (!reply.ok() && !isRefusal(reply.status())) {
        return {Attempt::Kind::kUnknown, {}, error};
    }
    const Json::Value body = reply.json();
    if (!reply.ok()) {
        const std::string reason = stoa::textOr(body, "reason", "refused_" + std::to_string(reply.status()));
        return {Attempt::Kind::kSettled, {.done = false, .reason = reason}, error};
    }
    const bool declined = op.type == OpType::kAuthorize && body["status"].asString() == "declined";
    return {Attempt::Kind::kSettled,
            {.done = !declined,
             .provider_id = body["id"].asString(),
             .reason = declined ? stoa::textOr(body, "declineReason", "declined") : ""}};
}

class Sandbox final : public Provider {
public:
    explicit Sandbox(stoa::Host& host)
        : host_(host),
          timeout_ms_(host.config()["providerTimeoutMs"].asUInt()),
          tolerance_(host.config()["webhookToleranceSeconds"].asInt64()) {}

    std::string_view name() const override { return "sandbox"; }

    Attempt perform(const Payment& payment, const Op& op) override {
        const std::string own = "/payments/" + stoa::escapeSegment(payment.provider_id);
        Json::Value body(Json::objectValue);
        body["amount"] = static_cast<Json::Int64>(op.amount);
        switch (op.type) {
            case OpType::kAuthorize:
                body["reference"] = payment.id;
                body["currency"] = payment.currency;
                body["token"] = payment.token;
                return post("/payments", std::move(body), op);
            case OpType::kCapture:
                return post(own + "/capture", std::move(body), op);
            case OpType::kVoid:
                return post(own + "/void", {}, op);
            case OpType::kRefund:
                body["reference"] = op.refund_id;
                return post(own + "/refunds", std::move(body), op);
        }
        return {};
    }

    std::optional<std::vector<ProviderPayment>> find(const std::string& reference) override {
        const stoa::Reply reply = call("GET", "/payments?reference=" + stoa::escapeSegment(reference), {}, {});
        if (!reply.ok()) {
            return std::nullopt;
        }
        std::vector<ProviderPayment> found;
        const Json::Value body = reply.json();
        for (const Json::Value& item : body["items"]) {
            found.push_back(paymentOf(item));
        }
        return found;
    }

    bool release(const ProviderPayment& orphan) override {
        const std::string own = "/payments/" + stoa::escapeSegment(orphan.id);
        if (orphan.captured > orphan.refunded) {
            Json::Value body;
            body["amount"] = static_cast<Json::Int64>(orphan.captured - orphan.refunded);
            body["reference"] = "orphan";
            return call("POST", own + "/refunds", std::move(body),
                        std::string(kOrphan) + orphan.id + ":refund:" + std::to_string(orphan.requests.size()))
                .ok();
        }
        const bool held = orphan.authorized > 0 && orphan.captured == 0 && !orphan.voided;
        return !held || call("POST", own + "/void", {}, std::string(kOrphan) + orphan.id + ":void").ok();
    }

    std::optional<LedgerPage> ledger(const std::string& cursor) override {
        const std::string from{cursor.empty() ? kFirstCursor : cursor};
        const stoa::Reply reply = call("GET", "/ledger?cursor=" + stoa::escapeSegment(from), {}, {});
        if (!reply.ok()) {
            return std::nullopt;
        }
        const Json::Value body = reply.json();
        LedgerPage page{{}, body["cursor"].asString()};
        for (const Json::Value& item : body["items"]) {
            if (!item["key"].asString().starts_with(kOrphan)) {
                page.entries.push_back({item["id"].asString(), item["reference"].asString(), item["key"].asString()});
            }
        }
        return page;
    }

    /// `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`
    bool signedByProvider(std::string_view signature, std::string_view body) override {
        const auto comma = signature.find(",v1=");
        if (!signature.starts_with("t=") || comma == std::string_view::npos) {
            return false;
        }
        const std::string_view time = signature.substr(2, comma - 2);
        std::int64_t seconds = 0;
        const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), seconds);
        const std::int64_t now = stoa::toMicros(host_.now()) / 1'000'000;
        const bool fresh = error == std::errc{} && end == time.data() + time.size() && seconds >= now - tolerance_ &&
                           seconds <= now + tolerance_;
        if (!fresh) {
            return false;
        }
        const std::string mac = host_.crypto().hmacSha256("webhook", std::string(time) + "." + std::string(body));
        const std::string expected = stoa::hex({reinterpret_cast<const std::uint8_t*>(mac.data()), mac.size()});
        return host_.crypto().equal(expected, signature.substr(comma + 4));
    }

    std::optional<Notice> notice(const Json::Value& body) override {
        const bool whole = body.isObject() && body["eventId"].isString() && body["reference"].isString();
        return whole ? std::optional(Notice{body["eventId"].asString(), body["reference"].asString()}) : std::nullopt;
    }

private:
    Attempt post(const std::string& path, Json::Value body, const Op& op) {
        return attemptOf(call("POST", path, std::move(body), op.id), op);
    }

    stoa::Reply call(const std::string& method, const std::string& path, Json::Value body, const std::string& key) {
        return host_.external().call({.service = "psp",
                                      .method = method,
                                      .path = path,
                                      .body = std::move(body),
                                      .headers = {{"Psp-Key", host_.secret("psp")}},
                                      .timeout_ms = timeout_ms_,
                                      .idempotency_key = key});
    }

    stoa::Host& host_;
    const std::uint32_t timeout_ms_;
    const std::int64_t tolerance_;  // seconds
};

}  // namespace

std::unique_ptr<Provider> makeProvider(stoa::Host& host) { return std::make_unique<Sandbox>(host); }

}  // namespace payment
