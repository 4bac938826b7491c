#include "host/app/fleet_member.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <stoa/base64.h>
#include <stoa/json.h>

#include "host/security/plugin_signature.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kAnswer{5};                  // for a question without a file
constexpr seconds kTransfer{60};               // for one with a file
constexpr milliseconds kLook{200};             // between two looks at what goes on
constexpr seconds kSilence{15};                // without an answer: the host has vanished
constexpr std::chrono::minutes kOverhead{10};  // beyond what the options ask for: it hangs

class ThisHost : public FleetMember {
public:
    ThisHost(const FleetTools& tools, const FleetChange& change, std::string address)
        : tools_(tools), change_(change), address_(std::move(address)) {}
    const std::string& hostId() const override { return tools_.identity.hostId(); }
    const std::string& address() const override { return address_; }
    Json::Value upgrade(const Step& step) override {
        UpgradeOptions options = upgradeOptions(change_.options);
        options.fleet = change_.is;
        return tools_.here.upgrade(change_.file, options, step);
    }
    Json::Value rollBack(const Step& step) override {
        return tools_.here.roll_back(change_.is.service, change_.is.sha256, step);
    }

private:
    const FleetTools& tools_;
    const FleetChange& change_;
    std::string address_;
};

/// What a host that answered says against it.
std::string reasonIn(const http::Response& response) {
    const auto body = parseJson(response.body);
    const std::string detail = body ? textOr(*body, "detail", textOr(*body, "title")) : "";
    return fmt::format("{} (HTTP {})", detail.empty() ? "it gave no reason" : detail, response.status);
}

std::string signatureBeside(const std::string& file) {
    std::ifstream in(security::signatureFileOf(file), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class OtherHost : public FleetMember {
public:
    OtherHost(const FleetTools& tools, const FleetChange& change, registry::Registration host)
        : tools_(tools), change_(change), host_(std::move(host)) {}
    const std::string& hostId() const override { return host_.host_id; }
    const std::string& address() const override { return host_.address; }

    Json::Value upgrade(const Step& step) override {
        find();
        outbound::HttpCall call = question("upgrade", change_.is.sha256, change_.options);
        call.method = "POST";
        call.target = std::string(kUpgradePath) + change_.is.service;
        call.source = sendFile(change_.file);
        call.deadline = steady_clock::now() + kTransfer;
        if (const std::string signature = signatureBeside(change_.file); !signature.empty()) {
            call.headers.set(kSignatureHeader, base64Url(signature));
        }
        const UpgradeOptions options = upgradeOptions(change_.options);
        milliseconds limit = kOverhead;
        limit += options.canary.permyriad > 0 ? options.canary_window : milliseconds{0};
        limit += options.wait ? options.warm.value_or(milliseconds{0}) : milliseconds{0};
        return follow(begun(std::move(call)), step, limit, change_.wanted);
    }

    Json::Value rollBack(const Step& step) override {
        find();
        outbound::HttpCall call = question("rollback", change_.is.sha256, {});
        call.method = "POST";
        call.target = std::string(kRollbackPath) + change_.is.service;
        return follow(begun(std::move(call)), step, std::chrono::minutes{2}, [] { return true; });
    }

private:
    /// Where it is now, and which start of it: it may have been started anew since.
    void find() {
        const auto directory = tools_.registry.directory();
        const auto found = std::ranges::find(directory->hosts, host_.host_id, &registry::Registration::host_id);
        if (found == directory->hosts.end()) {
            throw Error(STOA_NOT_FOUND, "it has left the registry");
        }
        host_ = *found;
    }

    outbound::HttpCall question(const char* purpose, const std::string& subject, const Json::Value& options) {
        outbound::HttpCall call;
        call.headers.set(kOrderHeader, security::signOrder(tools_.identity, {purpose, change_.is.service, host_.host_id,
                                                                             host_.epoch, subject, options}));
        call.headers.set("Content-Type", "application/octet-stream");
        call.deadline = steady_clock::now() + kAnswer;
        call.once = true;
        return call;
    }

    /// The operation that the host began.
    std::string begun(outbound::HttpCall call) {
        const auto outcome = tools_.client.sendAndWait(outbound::Origin::parse(host_.address), std::move(call));
        if (!outcome.answered() && outcome.sent) {
            throw Vanished("it may have begun, but did not answer: " + outcome.error);
        }
        if (!outcome.answered()) {
            throw Error(STOA_UNAVAILABLE, "it can't be asked: " + outcome.error);
        }
        const auto body = parseJson(outcome.response.body);
        if (outcome.response.status != 202 || !body) {
            throw Error(STOA_FORBIDDEN, reasonIn(outcome.response));
        }
        return textOr(*body, "id");
    }

    /// Passes on what is told until it has ended.
    Json::Value follow(const std::string& id, const Step& step, milliseconds limit,
                       const std::function<bool()>& wanted) {
        const auto end = steady_clock::now() + limit;
        auto heard = steady_clock::now();
        std::uint64_t next = 0;
        while (true) {
            const Json::Value shown = look(id, next, steady_clock::now() - heard < kSilence);
            if (shown.isObject()) {
                heard = steady_clock::now();
                next = shown["next"].asUInt64();
                for (const Json::Value& line : shown["lines"]) {
                    step(textOr(line, "step"), textOr(line, "detail"));
                }
                if (textOr(shown, "state") == "done") {
                    return shown["result"];
                }
                if (textOr(shown, "state") == "failed") {
                    throw Error(static_cast<stoa_status>(shown["error"]["status"].asInt()),
                                textOr(shown["error"], "message"));
                }
            }
            if (!wanted()) {
                throw Vanished("nobody waits for its end any more");
            }
            if (steady_clock::now() > end) {
                throw Vanished(fmt::format("it has not ended after {} s", limit.count() / 1000));
            }
            std::this_thread::sleep_for(kLook);
        }
    }

    /// How it stands; null when there was no answer, and `patient`.
    Json::Value look(const std::string& id, std::uint64_t after, bool patient) {
        outbound::HttpCall call = question("watch", id, {});
        call.once = false;
        call.target = fmt::format("{}{}/{}?after={}", kUpgradePath, change_.is.service, id, after);
        const auto outcome = tools_.client.sendAndWait(outbound::Origin::parse(host_.address), std::move(call));
        if (outcome.answered() && outcome.response.status == 200) {
            if (const auto shown = parseJson(outcome.response.body)) {
                return *shown;
            }
        }
        if (outcome.answered() && outcome.response.status < 500) {
            throw Vanished("it does not know of it any more, it was started anew perhaps: " +
                           reasonIn(outcome.response));
        }
        if (!patient) {
            throw Vanished(fmt::format("it has not answered for {} s: {}", kSilence.count(), outcome.error));
        }
        return {};
    }

    const FleetTools& tools_;
    const FleetChange& change_;
    registry::Registration host_;
};

}  // namespace

FleetMembers membersFor(const FleetTools& tools, const FleetChange& change) {
    FleetMembers members;
    const auto directory = tools.registry.directory();
    for (const registry::Registration& host : directory->hosts) {
        if (std::ranges::none_of(host.services, [&](const auto& each) { return each.name == change.is.service; })) {
            continue;
        }
        if (host.host_id == tools.identity.hostId()) {
            members.insert(members.begin(), std::make_unique<ThisHost>(tools, change, host.address));
        } else {
            members.push_back(std::make_unique<OtherHost>(tools, change, host));
        }
    }
    if (members.empty() || members.front()->hostId() != tools.identity.hostId()) {
        throw Error(STOA_NOT_FOUND,
                    fmt::format("this host runs no {}: talk to one that does, with --socket", change.is.service));
    }
    return members;
}

}  // namespace stoa::host::app
