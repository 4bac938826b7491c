#include <stoa/plugin.h>

using namespace stoa;

class Greeter final : public Plugin {
public:
    explicit Greeter(Host& host) : Plugin(host) {
        route("greet", [this](Request& request) { return greet(request); });
        route("countGreetings", [this](Request& request) { return count(request); });
        timer("forget", [](const Firing& firing, Transaction& tx) {
            tx.execute("DELETE FROM greetings WHERE id = $1", {firing.key});
        });
    }

private:
    Response greet(Request& request) {
        const std::string name = request.json()["name"].asString();
        const std::string id = request.resourceId();  // the same again when the client repeats its Idempotency-Key
        if (name == host().config()["rival"].asString()) {
            throw unprocessable("rival", "We don't greet " + name + ".").field("/name", "is our rival");
        }
        return request.transact([&](Transaction& tx) {  // row, event, timer and answer: one commit
            tx.execute("INSERT INTO greetings (id, name) VALUES ($1, $2)", {id, name});
            Json::Value data;
            data["name"] = name;
            tx.publish({.topic = "greeting.sent", .aggregate = "greeting", .key = id, .version = 1, .data = data});
            tx.setTimer("forget", id, tx.now() + std::chrono::hours{1});
            return Response::json(201, data).location("/api/v1/greetings/" + id);
        });
    }

    Response count(Request& request) {
        const std::string name{request.query("name").value_or("")};
        return host().sql().read([&](Transaction& tx) {
            Json::Value reply;
            for (const Row& row : tx.query("SELECT count(*) AS n FROM greetings WHERE name = $1", {name})) {
                reply["count"] = static_cast<Json::Int64>(row.get<std::int64_t>("n"));
            }
            return Response::json(200, reply);
        });
    }
};

STOA_PLUGIN(Greeter)
