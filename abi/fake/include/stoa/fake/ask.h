/// A request to the plugin under test, put together step by step.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <stoa/fake/message.h>

namespace stoa::fake {

class World;

/// `host.post("/api/v1/orders").as(user).key("k1").json(R"({…})").send()`
class Ask {
public:
    /// Signed in as this user.
    Ask& as(std::string user, std::string roles = "customer");
    /// With the verified service token of this service.
    Ask& service(std::string name);
    /// With this Idempotency-Key.
    Ask& key(std::string key);
    Ask& header(std::string name, std::string value);
    /// `If-Match: "<version>"`
    Ask& ifMatch(std::int64_t version);
    Ask& json(const Json::Value& body);
    Ask& json(std::string_view body);  ///< as it is, also when it is none
    Ask& json(const char* body) { return json(std::string_view{body}); }
    Ask& json(const std::string& body) { return json(std::string_view{body}); }
    Ask& body(std::string content_type, std::string body);
    /// Peer at the edge; 192.0.2.1 otherwise.
    Ask& from(std::string address);
    /// Claim `sid` of the user's token.
    Ask& session(std::string id);
    /// Time left for the answer; 30 s otherwise.
    Ask& deadline(std::chrono::milliseconds left);

    /// Does what the host does: route, authorise, validate, claim the key, call the handler, validate its answer, keep
    /// it. Throws Violation when the answer does not fit the OpenAPI document, or a transaction was left open.
    Answer send();

private:
    friend class Host;
    friend class Exchange;
    Ask(World& world, std::string method, std::string_view target);

    World* world_;
    std::string method_;
    std::string path_;   // raw
    std::string query_;  // raw
    Headers headers_;
    std::string body_;
    std::string user_, roles_, session_, service_;
    std::string address_ = "192.0.2.1";
    std::chrono::microseconds left_{std::chrono::seconds{30}};
};

}  // namespace stoa::fake
