/// What the fake capabilities share.
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <stoa/error.h>
#include <stoa/fake/host.h>
#include <stoa/host.h>
#include <stoa/validate/manifest.h>

#include "database.h"

namespace stoa::fake {

/// One capability: an id and its C table.
class Capability {
public:
    virtual ~Capability() = default;
    virtual std::string_view id() const = 0;
    virtual const void* table() const = 0;
};

/// A transaction that the plugin holds; `stoa_tx` of the ABI is this.
struct Transaction {
    World& world;
    bool writes = true;
    bool failed = false;
    std::vector<Published> published = {};

    static Transaction* of(stoa_tx* raw) { return reinterpret_cast<Transaction*>(raw); }
    stoa_tx* raw() { return reinterpret_cast<stoa_tx*>(this); }
};

struct Inbound {
    std::string topic, key, id;
    Json::Value data;
    std::int64_t version = 0;
};

class World {
public:
    World(validate::Manifest manifest, Options options);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// Asks the entry for its descriptor, and checks it as a host does.
    void negotiate();
    void create();
    /// What stop() said; STOA_OK when there was nothing to stop.
    stoa_status destroy();

    /// Begins, commits and rolls back the one transaction that can be open.
    Transaction* begin(bool writes);
    stoa_status commit(Transaction* transaction);
    void rollback(Transaction* transaction);
    /// Runs `work` in a transaction of the host's own.
    stoa_status inTransaction(const std::function<stoa_status(Transaction&)>& work);
    /// Throws Violation when the plugin has not ended its transaction.
    void expectNoTransaction(std::string_view after);
    bool transactionIsOpen() const { return open_ != nullptr; }

    std::string newId();
    void fillRandom(void* buffer, std::size_t size);
    /// Why something of this status failed: the last error, or the status' name.
    std::string reason(stoa_status status) const;
    /// For last_error; returns `status`.
    stoa_status fail(stoa_status status, std::string why);

    stoa_status deliver(const Inbound& event);
    /// Fires the timers due until now, in order. Returns how many handlers ran.
    int fireDue();
    std::optional<Time> nextDue();

    validate::Manifest manifest;
    Options options;
    Time now;
    Json::Value settings;
    std::string settings_text;
    Database database;
    std::string last_error;
    int commits_to_fail = 0;
    stoa_status commit_failure = STOA_CONFLICT;
    std::map<std::string, Neighbour> neighbours, endpoints;
    std::vector<Published> published;
    std::optional<Inbound> last_event;
    std::vector<Mail> mails;
    stoa_status mail_failure = STOA_OK;
    bool mail_sent = false;
    std::vector<LogLine> log;
    std::vector<std::string> mistakes;  ///< see Host::takeMistakes
    std::map<std::string, double> series;
    const stoa_plugin* plugin = nullptr;
    stoa_instance* instance = nullptr;

private:
    void step(std::string_view name) const;
    void migrate();
    bool fireOne();
    static const void* capability(const stoa_host* host, stoa_str id);
    static stoa_str lastError(const stoa_host* host);
    static void explain(const stoa_host* host, stoa_str why);

    stoa_host host_{};
    std::vector<std::unique_ptr<Capability>> capabilities_;
    std::unique_ptr<Transaction> open_;
    std::uint64_t random_ = 0;
};

/// Nothing thrown leaves a function of a table.
template <class Work>
stoa_status guarded(World& world, Work&& work) {
    try {
        world.last_error.clear();
        work();
        return STOA_OK;
    } catch (const Error& error) {
        return world.fail(error.status(), error.what());
    } catch (const std::exception& error) {
        return world.fail(STOA_INTERNAL, error.what());
    }
}

/// Runs `check`; a mistake of the plugin's author that it finds is kept as well as thrown.
template <class Check>
auto keepingMistakes(World& world, Check&& check) {
    try {
        return check();
    } catch (const Error& error) {
        world.mistakes.emplace_back(error.what());
        throw;
    }
}

/// The value of a secret; throws stoa::Error when the options give none.
const std::string& secretOf(const World& world, const std::string& name);

/// Copies text into a writer of the plugin.
void writeTo(const stoa_writer* writer, std::string_view text);

std::unique_ptr<Capability> makeHttp(World& world);
std::unique_ptr<Capability> makeSql(World& world);
std::unique_ptr<Capability> makeEvents(World& world);
std::unique_ptr<Capability> makeTimer(World& world);
std::unique_ptr<Capability> makeClient(World& world);
std::unique_ptr<Capability> makeExternal(World& world);
std::unique_ptr<Capability> makeMail(World& world);
std::unique_ptr<Capability> makeCrypto(World& world);
std::unique_ptr<Capability> makeClock(World& world);
std::unique_ptr<Capability> makeConfig(World& world);
std::unique_ptr<Capability> makeLog(World& world);
std::unique_ptr<Capability> makeMetrics(World& world);
std::unique_ptr<Capability> makeTrace(World& world);
std::unique_ptr<Capability> makeSecret(World& world);
std::unique_ptr<Capability> makeMemory(World& world);

}  // namespace stoa::fake
