/// A provider in memory, with accidents on the way: what plugins/sandbox_psp does, as far as payments see it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <stoa/fake/host.h>

namespace test {

using stoa::fake::Incoming;
using stoa::fake::Outgoing;

class Psp {
public:
    /// What happens to a request on its way.
    enum class Accident { kNone, kNotSent, kLostBefore, kLostAfter, kBrokenAfter, kBusy, kUnknownPath };

    struct Account {
        std::string id, reference, token, status;
        std::int64_t authorized = 0, captured = 0, refunded = 0, refusals = 0;
        Json::Value operations{Json::arrayValue};
        bool settled() const { return captured == refunded && status != "authorized"; }
    };

    explicit Psp(stoa::fake::Host& host) {
        auto& psp = host.external("psp");
        const auto on = [&](const std::string& method, const std::string& path, auto handler) {
            psp.on(method, path, [this, handler](const Incoming& call) { return travel(call, handler); });
        };
        on("POST", "/payments", [this](const Incoming& call) { return authorize(call); });
        on("POST", "/payments/{id}/capture", [this](const Incoming& call) { return change("CAPTURE", call); });
        on("POST", "/payments/{id}/void", [this](const Incoming& call) { return change("VOID", call); });
        on("POST", "/payments/{id}/refunds", [this](const Incoming& call) { return change("REFUND", call); });
        on("GET", "/payments", [this](const Incoming& call) { return find(call); });
        on("GET", "/ledger", [this](const Incoming& call) { return readLedger(call); });
    }

    /// Of every request from now on.
    std::function<Accident()> accident = [] { return Accident::kNone; };

    std::vector<const Account*> of(const std::string& reference) const {
        std::vector<const Account*> found;
        for (const auto& [id, account] : accounts_) {
            if (account.reference == reference) {
                found.push_back(&account);
            }
        }
        return found;
    }

    /// A payment that the shop knows nothing of.
    std::string intruder(const std::string& reference, bool captured) {
        Account& account = open(reference, "tok_ok");
        decide(account, "AUTHORIZE", 100, "intruder-a" + account.id);
        if (captured) {
            decide(account, "CAPTURE", 100, "intruder-c" + account.id);
        }
        return account.id;
    }
    const Account& at(const std::string& id) const { return accounts_.at(id); }

private:
    template <class Handler>
    Outgoing travel(const Incoming& call, Handler handler) {
        switch (accident()) {
            case Accident::kNotSent:
                return Outgoing::unavailable();
            case Accident::kLostBefore:
                return Outgoing::timeout();
            case Accident::kBusy:
                return Outgoing{429};
            case Accident::kUnknownPath:
                return Outgoing{404, Json::Value{Json::objectValue}};
            case Accident::kLostAfter:
                handler(call);
                return Outgoing::timeout();
            case Accident::kBrokenAfter:
                handler(call);
                return Outgoing{503};
            case Accident::kNone:
                break;
        }
        return handler(call);
    }

    Account& open(const std::string& reference, const std::string& token) {
        const std::string id = "psp-" + std::to_string(accounts_.size() + 1);
        Account& account = accounts_[id];
        account.id = id;
        account.reference = reference;
        account.token = token;
        return account;
    }

    Outgoing authorize(const Incoming& call) {
        const std::string key = call.header("Idempotency-Key");
        if (!answers_.contains(key)) {
            const Json::Value body = call.json();
            Account& account = open(body["reference"].asString(), body["token"].asString());
            decide(account, "AUTHORIZE", body["amount"].asInt64(), key);
        }
        return answers_.at(key);
    }

    Outgoing change(const std::string& type, const Incoming& call) {
        const std::string key = call.header("Idempotency-Key");
        const auto found = accounts_.find(call.param.at("id"));
        if (found == accounts_.end()) {
            return Outgoing{404, Json::Value{Json::objectValue}};
        }
        if (!answers_.contains(key)) {
            decide(found->second, type, call.body.empty() ? 0 : call.json()["amount"].asInt64(), key);
        }
        return answers_.at(key);
    }

    static std::string refusal(const Account& account, const std::string& type, std::int64_t amount) {
        if (type == "AUTHORIZE") {
            return account.token == "tok_declined" ? "card_declined" : "";
        }
        if (type == "REFUND") {
            const bool moody = account.token == "tok_refund_fails_once" && account.refusals == 0;
            return moody ? "try_again_later" : amount > account.captured - account.refunded ? "too_much" : "";
        }
        if (account.status != "authorized") {
            return "not_authorized";
        }
        return type == "CAPTURE" && account.token == "tok_capture_fails" ? "capture_refused" : "";
    }

    void decide(Account& account, const std::string& type, std::int64_t amount, const std::string& key) {
        const std::string reason = refusal(account, type, amount);
        if (!reason.empty()) {
            account.refusals += type == "REFUND" ? 1 : 0;
            account.status = type == "AUTHORIZE" ? "declined" : account.status;
        } else if (type == "AUTHORIZE") {
            account.authorized = amount;
            account.status = "authorized";
        } else if (type == "CAPTURE") {
            account.captured = amount;
            account.status = "captured";
        } else if (type == "VOID") {
            account.status = "voided";
        } else {
            account.refunded += amount;
        }
        Json::Value operation;
        operation["key"] = key;
        operation["done"] = reason.empty();
        operation["reason"] = reason;
        account.operations.append(operation);
        if (reason.empty()) {
            operation["id"] = account.id;
            operation["reference"] = account.reference;
            ledger_.append(operation);
        }
        Json::Value refused;
        refused["reason"] = reason;
        answers_[key] = reason.empty() || type == "AUTHORIZE" ? Outgoing{200, view(account)} : Outgoing{402, refused};
    }

    static Json::Value view(const Account& account) {
        Json::Value view;
        view["id"] = account.id;
        view["reference"] = account.reference;
        view["status"] = account.status;
        view["authorized"] = static_cast<Json::Int64>(account.authorized);
        view["captured"] = static_cast<Json::Int64>(account.captured);
        view["refunded"] = static_cast<Json::Int64>(account.refunded);
        view["operations"] = account.operations;
        if (account.status == "declined") {
            view["declineReason"] = "card_declined";
        }
        return view;
    }

    Outgoing find(const Incoming& call) {
        Json::Value body;
        body["items"] = Json::Value(Json::arrayValue);
        for (const Account* account : of(call.query.substr(std::string("reference=").size()))) {
            body["items"].append(view(*account));
        }
        return {200, body};
    }

    Outgoing readLedger(const Incoming& call) {
        const auto from = std::stoul(call.query.substr(std::string("cursor=").size()));
        Json::Value body;
        body["items"] = Json::Value(Json::arrayValue);
        auto to = static_cast<Json::ArrayIndex>(from);
        for (; to < ledger_.size() && to < from + 2; ++to) {
            body["items"].append(ledger_[to]);
        }
        body["cursor"] = std::to_string(to);
        return {200, body};
    }

    std::map<std::string, Account> accounts_;
    std::map<std::string, Outgoing> answers_;
    Json::Value ledger_{Json::arrayValue};
};

}  // namespace test
