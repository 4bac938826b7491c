// Publishes drops and reads them itself; see README.md.

#include <stdexcept>

#include <stoa/plugin.h>

namespace poison {

constexpr const char* kTopic = "drop.fell";

Json::Value dropOf(const std::string& cloud, std::int64_t number) {
    Json::Value drop;
    drop["cloud"] = cloud;
    drop["number"] = static_cast<Json::Int64>(number);
    return drop;
}

stoa::Response fall(stoa::Request& request) {
    const Json::Value body = request.json();
    const std::string cloud = body["cloud"].asString();
    return request.transact([&](stoa::Transaction& tx) {
        tx.execute(
            "INSERT INTO clouds (cloud, fallen) VALUES ($1, 1) ON CONFLICT (cloud) DO UPDATE SET fallen = "
            "clouds.fallen + 1",
            {cloud});
        std::int64_t number = 0;
        for (const stoa::Row& row : tx.query("SELECT fallen FROM clouds WHERE cloud = $1", {cloud})) {
            number = row.get<std::int64_t>("fallen");
        }
        tx.publish({.topic = kTopic, .aggregate = "cloud", .key = cloud, .version = number, .data = body});
        return stoa::Response::json(201, dropOf(cloud, number));
    });
}

void onDrop(const stoa::Event& event, stoa::Transaction& tx) {
    const std::string cloud = event.data["cloud"].asString();
    bool cured = false;
    for ([[maybe_unused]] const stoa::Row& row : tx.query("SELECT id FROM cures", {})) {
        cured = true;
    }
    if (event.data["poisoned"].asBool() && !cured) {
        throw std::runtime_error("this drop is poisoned");
    }
    tx.execute("INSERT INTO drops (sequence, cloud, number) SELECT coalesce(max(sequence), 0) + 1, $1, $2 FROM drops",
               {cloud, event.version});
}

class Poison final : public stoa::Plugin {
public:
    explicit Poison(stoa::Host& host) : Plugin(host) {
        const std::string create = host.config()["create"].asString();
        if (create == "fails") {
            throw stoa::Error(STOA_INVALID, "the settings say that this fails");
        }
        if (create == "throws") {
            throw 7;  // nothing that anybody can read
        }
        route("fall", fall);
        route("cure", [](stoa::Request& request) {
            return request.transact([](stoa::Transaction& tx) {
                tx.execute("INSERT INTO cures (id) VALUES (1) ON CONFLICT DO NOTHING", {});
                return stoa::Response(204);
            });
        });
        route("listDrops", [this](stoa::Request&) { return list(); });
        on(kTopic, onDrop);
    }

private:
    stoa::Response list() const {
        return host().sql().read([&](stoa::Transaction& tx) {
            Json::Value body;
            body["items"] = Json::Value(Json::arrayValue);
            for (const stoa::Row& row : tx.query("SELECT cloud, number FROM drops ORDER BY sequence", {})) {
                body["items"].append(dropOf(row.get<std::string>("cloud"), row.get<std::int64_t>("number")));
            }
            return stoa::Response::json(200, body);
        });
    }
};

}  // namespace poison

STOA_PLUGIN(poison::Poison)
