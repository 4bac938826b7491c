#include <array>
#include <stdexcept>

#include <stoa/plugin.h>

namespace {

using namespace stoa;

Json::Value toJson(const Row& row) {
    Json::Value till;
    till["id"] = row.get<std::string>("id");
    till["name"] = row.get<std::string>("name");
    till["open"] = row.get<bool>("open");
    till["taken"] = static_cast<Json::Int64>(row.get<std::int64_t>("taken"));
    return till;
}

class Till final : public Plugin {
public:
    explicit Till(Host& host) : Plugin(host), opened_(host.metrics().counter("till_opened_total", "Tills opened.")) {
        route("createTill", [this](Request& request) { return create(request); });
        route("getTill", [this](Request& request) { return get(request); });
        route("changeTill", [this](Request& request) { return change(request); });
        route("misbehave", [this](Request& request) { return misbehave(request); });
        route("importTills", [](Request& request) { return import(request); });
        on("sale.made", [](const Event& event, Transaction& tx) { sale(event, tx); });
        timer("close", [](const Firing& firing, Transaction& tx) {
            tx.execute("UPDATE tills SET open = $1 WHERE id = $2", {false, firing.key});
            tx.setTimer("report", firing.key, tx.now());
        });
        job("report", [this](const Firing& firing) { report(firing); });
    }

private:
    Response create(Request& request) {
        const Json::Value body = request.json();
        const std::string name = body["name"].asString();
        const Reply reply = host().client().call(
            {.service = "product", .path = "/api/v1/products/" + escapeSegment(name), .as_user = true});
        if (reply.orThrow().status() == 404) {
            throw unprocessable("unknown-product", "There is no product " + name + ".").field("/name", "is unknown");
        }
        const std::int64_t price = reply.json()["price"].asInt64();
        const std::string id = request.resourceId();
        opened_.record();
        return request.transact([&](Transaction& tx) {
            tx.execute("INSERT INTO tills (id, owner, name, open, taken, version) VALUES ($1, $2, $3, $4, 0, 1)",
                       {id, request.caller().subject, name, true});
            Json::Value data;
            data["tillId"] = id;
            data["price"] = static_cast<Json::Int64>(price);
            tx.publish({.topic = "till.opened", .aggregate = "till", .key = id, .version = 1, .data = data});
            const auto minutes = std::chrono::minutes{host().config()["openMinutes"].asInt64()};
            tx.setTimer("close", id, tx.now() + minutes, "payload");
            return Response::json(201, load(tx, id)).etag(1).location("/api/v1/tills/" + id);
        });
    }

    Response get(Request& request) {
        const auto till =
            host().sql().read([&](Transaction& tx) { return load(tx, std::string(request.param("tillId"))); });
        return Response::json(200, till);
    }

    Response change(Request& request) {
        const std::string id{request.param("tillId")};
        const auto version = request.ifMatch();
        return request.transact([&](Transaction& tx) {
            const auto changed = tx.execute(
                "UPDATE tills SET taken = 0, version = version + 1 WHERE id = $1 AND version = $2", {id, version});
            if (changed == 0) {
                throw preconditionFailed("The till has changed.");
            }
            return Response::json(200, load(tx, id)).etag(*version + 1);
        });
    }

    Response misbehave(Request& request) {
        const std::string_view how = request.param("how");
        if (how == "throw") {
            throw std::runtime_error("secret detail");
        }
        if (how == "throw-int") {
            throw 7;
        }
        if (how == "unavailable") {
            throw Error(STOA_UNAVAILABLE, "the database is down");
        }
        if (how == "call-in-transaction") {
            return request.transact([&](Transaction&) {
                host().client().call({.service = "product", .path = "/"});
                return Response{200};
            });
        }
        if (how == "bad-event") {
            return request.transact([&](Transaction& tx) {
                tx.publish({.topic = "till.opened", .aggregate = "till", .key = "k", .version = 1, .data = {}});
                return Response{200};
            });
        }
        if (how == "leave-open") {
            stoa_tx* tx = nullptr;
            host().capabilities().sql->begin(host().capabilities().sql, STOA_TX_WRITE, &tx);
        }
        if (how == "undocumented") {
            return Response{204};
        }
        return Response::json(200, Json::Value{"not a till"});
    }

    static Response import(Request& request) {
        std::array<char, 64> buffer{};
        std::string all;
        for (std::string_view part = request.read(buffer); !part.empty(); part = request.read(buffer)) {
            all += part;
        }
        return Response::text(200, "text/plain", std::to_string(all.size()));
    }

    static void sale(const Event& event, Transaction& tx) {
        const std::string id = event.data["tillId"].asString();
        const auto changed = tx.execute("UPDATE tills SET taken = taken + $1, version = version + 1 WHERE id = $2",
                                        {event.data["amount"].asInt64(), id});
        if (changed == 0) {
            throw Error(STOA_NOT_FOUND, "no till " + id);
        }
    }

    void report(const Firing& firing) {
        const Reply reply = host().external().call({.service = "bank", .method = "POST", .path = "/reports"});
        if (!reply.ok()) {
            throw Error(STOA_UNAVAILABLE, reply.sent() ? "nobody knows" : "not sent");
        }
        host().mail().send(
            {.message_id = firing.key, .to = "a@example.com", .subject = "Report", .text = reply.body()});
    }

    static Json::Value load(Transaction& tx, const std::string& id) {
        for (const Row& row : tx.query("SELECT id, name, open, taken FROM tills WHERE id = $1", {id})) {
            return toJson(row);
        }
        throw notFound("till");
    }

    Series opened_;
};

}  // namespace

STOA_PLUGIN(Till)
