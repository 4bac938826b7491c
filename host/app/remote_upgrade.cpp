#include "host/app/remote_upgrade.h"

#include <charconv>
#include <fstream>
#include <utility>

#include <stoa/base64.h>
#include <stoa/json.h>

#include "host/base/ids.h"
#include "host/observe/log.h"
#include "host/security/plugin_signature.h"

namespace stoa::host::app {
namespace fs = std::filesystem;
namespace {

using http::Listener;
using Exchange = std::shared_ptr<http::Exchange>;

http::Response json(int status, const Json::Value& body) {
    http::Response response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.headers.set("Cache-Control", "no-store");
    response.body = writeJson(body);
    return response;
}

http::Response refusal(const Error& why) {
    const int status = why.status() == STOA_CONFLICT ? 409 : why.status() == STOA_EXHAUSTED ? 503 : 422;
    return http::problem(status, "upgrade-refused", "The change was not begun", why.what());
}

http::Response refusal(const security::Refusal& why) {
    return http::problem(why.status, why.slug, why.status == 401 ? "Who asks is not known" : "Not allowed", why.detail);
}

/// What is asked for, by method and path alone.
security::UpgradeOrder askedFor(const http::Request& head) {
    security::UpgradeOrder asked;
    const bool rollback = head.path.starts_with(kRollbackPath);
    asked.purpose = rollback ? "rollback" : head.method == "GET" ? "watch" : "upgrade";
    const std::string rest = head.path.substr(rollback ? kRollbackPath.size() : kUpgradePath.size());
    const std::size_t slash = asked.purpose == "watch" ? rest.find('/') : std::string::npos;
    asked.service = rest.substr(0, slash);
    asked.subject = slash == std::string::npos ? "" : rest.substr(slash + 1);
    return asked;
}

/// N of "after=N"; 0 for anything else.
std::size_t afterIn(std::string_view query) {
    constexpr std::string_view kAfter = "after=";
    std::size_t after = 0;
    if (query.starts_with(kAfter)) {
        std::from_chars(query.data() + kAfter.size(), query.data() + query.size(), after);
    }
    return after;
}

}  // namespace

/// What answers to requests share with each other; the I/O threads may hold it a little longer than its owner.
class RemoteUpgrades::Desk : public std::enable_shared_from_this<Desk> {
public:
    Desk(security::HostIdentity& identity, std::int64_t epoch, fs::path folder, VersionChanges changes)
        : identity_(identity), epoch_(epoch), folder_(std::move(folder)), changes_(std::move(changes)) {
        // What a former start had not used up.
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
        fs::create_directories(folder_);
        fs::permissions(folder_, fs::perms::owner_all);
    }

    void close() {
        lane_->close();
        operations_.close();
    }

    /// Whether the request goes on at all: no byte of a body is read before.
    http::Admission admit(const http::Request& head) const {
        http::Admission admission;
        const security::UpgradeOrder asked = askedFor(head);
        const auto opened = open(head, asked);
        if (!opened) {
            admission.refusal = refusal(opened.error());
            return admission;
        }
        admission.streaming = asked.purpose == "upgrade";
        admission.max_body = admission.streaming ? kMaxPluginFile : 0;
        return admission;
    }

    void handle(const Exchange& exchange) {
        const http::Request& request = exchange->request();
        const security::UpgradeOrder asked = askedFor(request);
        auto opened = open(request, asked);
        if (!opened) {
            exchange->respond(refusal(opened.error()));
        } else if (asked.purpose == "watch") {
            const Json::Value shown = operations_.show(asked.subject, asked.service, afterIn(request.query));
            exchange->respond(shown.isNull() ? http::problem(404, "not-found", "This host knows no such operation")
                                             : json(200, shown));
        } else if (!spent_.spend(*opened, identity_.clock().now())) {
            exchange->respond(refusal({403, "order-forbidden", "The order was used before: make a new one."}));
        } else if (asked.purpose == "rollback") {
            begin(exchange, *opened, [this, order = opened->order](const Step& step) {
                return changes_.roll_back(order.service, order.subject, step);
            });
        } else {
            receive(exchange, *opened);
        }
    }

private:
    struct Arrived {
        fs::path file;
        std::string signature;
    };

    /// A file that goes when the upgrade has ended, or never begins.
    struct Held {
        explicit Held(fs::path path) : file(std::move(path)) {}
        ~Held() {
            std::error_code ignored;
            fs::remove(file, ignored);
            fs::remove(security::signatureFileOf(file), ignored);
        }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        const fs::path file;
    };

    tl::expected<security::OpenedOrder, security::Refusal> open(const http::Request& head,
                                                                security::UpgradeOrder asked) const {
        const std::string subject = asked.subject;
        asked.target = identity_.hostId();
        asked.epoch = epoch_;
        auto opened = security::openOrder(identity_, head.headers.find(kOrderHeader).value_or(""), asked);
        if (opened && asked.purpose == "watch" && opened->order.subject != subject) {
            return tl::unexpected(security::Refusal{403, "order-forbidden", "The order is for another operation."});
        }
        return opened;
    }

    /// The file first, then the upgrade: it is not looked at before its hash is the one that was vouched for.
    void receive(const Exchange& exchange, const security::OpenedOrder& opened) {
        const auto header = exchange->request().headers.find(kSignatureHeader);
        const auto signature = fromBase64Url(header.value_or(""));
        if (!exchange->request().source || !signature) {
            exchange->respond(http::problem(400, "file-incomplete", "The file must come as the body",
                                            "Its signature, when there is one, comes in base64url."));
            return;
        }
        const fs::path file = folder_ / (newId(identity_.clock()) + ".so");
        receiveFile(
            exchange->request().source, file, lane_,
            [self = shared_from_this(), exchange, opened, file, signature = *signature](const Received& received) {
                self->received(exchange, opened, {file, signature}, received);
            });
    }

    void received(const Exchange& exchange, const security::OpenedOrder& opened, const Arrived& arrived,
                  const Received& received) {
        const auto held = std::make_shared<const Held>(arrived.file);
        if (received.status != STOA_OK) {
            exchange->respond(http::problem(received.status == STOA_EXHAUSTED ? 503 : 400, "file-incomplete",
                                            "The file did not arrive", received.text));
        } else if (received.text != opened.order.subject) {
            exchange->respond(refusal({403, "order-forbidden", "The order is for another file."}));
        } else {
            if (!arrived.signature.empty()) {
                std::ofstream(security::signatureFileOf(arrived.file), std::ios::binary) << arrived.signature;
            }
            UpgradeOptions options = upgradeOptions(opened.order.options);
            options.add = false;
            options.fleet = {opened.order.service, opened.order.subject};
            begin(exchange, opened, [this, held, options](const Step& step) {
                return changes_.upgrade(held->file.native(), options, step);
            });
        }
    }

    void begin(const Exchange& exchange, const security::OpenedOrder& opened, Operations::Work work) {
        const std::string id = newId(identity_.clock());
        const security::UpgradeOrder& order = opened.order;
        try {
            operations_.start(id, order.service, std::move(work));
        } catch (const Error& why) {
            exchange->respond(refusal(why));
            return;
        }
        observe::info("another host of the fleet asked for a change", {{"what", order.purpose},
                                                                       {"service", order.service},
                                                                       {"file", order.subject.substr(0, 12)},
                                                                       {"from", opened.from}});
        Json::Value body;
        body["id"] = id;
        exchange->respond(json(202, body));
    }

    security::HostIdentity& identity_;
    const std::int64_t epoch_;
    const fs::path folder_;
    const VersionChanges changes_;
    security::SpentOrders spent_;
    std::shared_ptr<DiskLane> lane_ = std::make_shared<DiskLane>();
    Operations operations_;
};

RemoteUpgrades::RemoteUpgrades(security::HostIdentity& identity, std::int64_t epoch, const fs::path& state,
                               VersionChanges changes)
    : desk_(std::make_shared<Desk>(identity, epoch, state / "incoming", std::move(changes))) {}

RemoteUpgrades::~RemoteUpgrades() { desk_->close(); }

void RemoteUpgrades::addRoutes(dispatch::Dispatcher& dispatcher) {
    const auto add = [&](const char* method, std::string_view path) {
        dispatcher.addBuiltIn(
            Listener::kInternal, method, std::string(path) + "*",
            [desk = desk_](const Exchange& exchange) { desk->handle(exchange); },
            [desk = desk_](const http::Request& head) { return desk->admit(head); });
    };
    add("POST", kUpgradePath);
    add("GET", kUpgradePath);
    add("POST", kRollbackPath);
}

}  // namespace stoa::host::app
