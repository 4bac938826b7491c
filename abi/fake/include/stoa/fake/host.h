/// A host in memory, so that a plugin's unit test runs in milliseconds without a process.
///
///     fake::Host host{STOA_TEST_MANIFEST};
///     host.neighbour("product").on("GET", "/api/v1/products/{id}", fake::Outgoing{200, product()});
///     const auto answer = host.post("/api/v1/orders").as("user-1").key("k1").json(order()).send();
///     CPPUNIT_ASSERT_EQUAL(202, answer.status);
///     CPPUNIT_ASSERT_EQUAL(STOA_OK, host.deliver("payment.completed", "order-1", payment(), 1));
///     host.advance(std::chrono::minutes{10});
///     CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host.published("order.created").size());
///
/// It checks what the real host checks: bodies and parameters against the manifest, answers and events against their
/// schemas, identity, idempotency, transactions. The database is SQLite in memory with the plugin's migrations. As on
/// PostgreSQL, a statement that failed leaves a transaction that can only be rolled back. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>

#include <stoa/abi/plugin.h>
#include <stoa/fake/ask.h>
#include <stoa/fake/message.h>
#include <stoa/fake/neighbour.h>

/// The compiled manifest of the plugin whose test this is, and the plugin's source folder.
#define STOA_TEST_MANIFEST ::stoa::fake::kTestManifest
#define STOA_TEST_FOLDER ::stoa::fake::kTestFolder

namespace stoa::validate {
struct Manifest;
}

namespace stoa::fake {

/// Defined by stoa_add_plugin in each plugin's test program.
extern const char* const kTestManifest;
extern const char* const kTestFolder;

/// A route that a service of the fleet has registered.
struct FleetRoute {
    std::string method, path, service;
    std::string auth = "public";
};

struct Options {
    Json::Value settings = Json::Value{Json::objectValue};  ///< overrides; the schema's defaults fill the rest
    std::map<std::string, std::string> secrets = {};        ///< by name, for stoa.secret/1 and HMAC
    stoa_plugin_entry_fn entry = nullptr;                   ///< nullptr: stoa_plugin_entry of this program
    Time now = fromMicros(1'767'603'600'000'000);           ///< 2026-01-05T09:00:00Z
    std::map<std::string, Json::Value> services = {};       ///< what stoa.client/1 lists, with their OpenAPI documents
    std::vector<FleetRoute> fleet = {};                     ///< what stoa.client/1 resolves; for a gateway
    bool fleet_complete = true;                             ///< false: more may come, as soon after the start
    std::optional<std::string> other_secrets = {};          ///< value of every secret that `secrets` does not name
    /// Told of each step of the start before it is taken: "negotiated", "migrated", "created", "started".
    std::function<void(std::string_view)> before = {};
    /// Asked before a statement of the plugin is prepared; a reason refuses it.
    std::function<std::string(std::string_view)> refuse_statement = {};
    std::function<void(const LogLine&)> on_log = {};  ///< told of each line that the plugin logs
};

class Host {
public:
    /// Reads the compiled manifest, applies the migrations, creates and starts the plugin. Throws Violation with the
    /// reason when any of that is refused.
    explicit Host(const std::string& manifest, Options options = {});
    /// The same with a manifest that was read elsewhere, such as from a plugin file.
    explicit Host(validate::Manifest manifest, Options options = {});
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// Stops and destroys the plugin and makes a new one on the same database and clock.
    void restart();
    /// Stops and destroys the plugin for good. Throws Violation when its stop() fails; it is destroyed all the same.
    void stop();
    /// What the plugin's health() says; empty when it can serve.
    std::string health();

    Ask request(std::string method, std::string_view target);
    Ask get(std::string_view target) { return request("GET", target); }
    Ask post(std::string_view target) { return request("POST", target); }
    Ask put(std::string_view target) { return request("PUT", target); }
    Ask patch(std::string_view target) { return request("PATCH", target); }
    Ask del(std::string_view target) { return request("DELETE", target); }

    /// Hands an event over, in a transaction with its inbox row. `aggregateVersion` and `timestamp` are added to the
    /// data when absent. A known `id` is a duplicate: STOA_OK, and the handler is not called. Data that do not fit the
    /// subscription's schema: STOA_INVALID. Empty `id`: a new one.
    [[nodiscard]] stoa_status deliver(const std::string& topic, const std::string& key, Json::Value data,
                                      std::int64_t version = 1, const std::string& id = {});
    /// The last delivered event once more, with its id.
    [[nodiscard]] stoa_status deliverAgain();

    /// Committed events in order; of one topic, or of all.
    std::vector<Published> published(std::string_view topic = {}) const;
    /// The same, and forgets them.
    std::vector<Published> takePublished(std::string_view topic = {});

    Time now() const;
    /// Moves the clock and fires what becomes due on the way, in order, each at its time. Returns how many handlers
    /// ran.
    int advance(std::chrono::microseconds by);
    /// Fires what is due now, and what that makes due now, until nothing is. A failing one waits for its next attempt
    /// (after 1 s, doubling up to 60 s).
    int runDue();
    /// Moves the clock alone: timers become late.
    void moveClock(std::chrono::microseconds by);
    std::vector<Timer> timers() const;

    Neighbour& neighbour(const std::string& service);
    Neighbour& external(const std::string& endpoint);

    const std::vector<Mail>& mails() const;
    /// Mails fail with `status` from now on, with or without having been sent; STOA_OK ends that.
    void failMails(stoa_status status, bool sent);
    /// The next `count` commits of a write transaction fail with `status` and roll back.
    void failCommits(int count, stoa_status status = STOA_CONFLICT);

    /// Rows as an array of objects. Parameters are not needed: this is a test.
    Json::Value query(std::string_view statement) const;
    /// For arranging what no route can bring about.
    void execute(std::string_view statement);

    const std::vector<LogLine>& log() const;
    /// Sum over the labels of the plugin's series of this name; 0 when there is none.
    double metric(const std::string& name) const;
    /// What no host accepts of any plugin, whatever it was asked to do, since the last call: statements that can't be
    /// prepared, events that don't fit, calls within a transaction. A handler may have turned them into an answer.
    std::vector<std::string> takeMistakes();
    /// Why the last capability call failed, or why the plugin's function did.
    std::string lastError() const;

private:
    std::unique_ptr<World> world_;
};

}  // namespace stoa::fake
