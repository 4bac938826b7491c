#include "world.h"

#include <algorithm>
#include <cstring>

#include <stoa/json.h>
#include <stoa/sha256.h>
#include <stoa/uuid.h>

#include "writer.h"

extern "C" __attribute__((weak)) const stoa_plugin* stoa_plugin_entry(const stoa_offer*, const stoa_writer*);

namespace stoa::fake {

namespace {

constexpr const char* kHostTables = R"(
CREATE TABLE stoa_inbox (id text PRIMARY KEY);
CREATE TABLE stoa_timers (name text, key text, due_us bigint, payload text, attempt bigint, revision bigint,
                          PRIMARY KEY (name, key));
CREATE TABLE stoa_idempotency (caller text, route text, idempotency_key text, fingerprint text, attempt bigint,
                               resource_id text, status bigint, headers text, body text,
                               PRIMARY KEY (caller, route, idempotency_key));
)";

/// What a host asks of a descriptor before it calls anything in it.
void checkDescriptor(const stoa_plugin& plugin, const validate::Manifest& manifest) {
    if (plugin.abi_major != STOA_ABI_MAJOR || std::max(plugin.abi_minor, STOA_ABI_MINOR) != STOA_ABI_MINOR) {
        throw Violation("the descriptor needs ABI " + std::to_string(plugin.abi_major) + "." +
                        std::to_string(plugin.abi_minor) + ", the host offers " + std::to_string(STOA_ABI_MAJOR) + "." +
                        std::to_string(STOA_ABI_MINOR) + ": build it with its headers");
    }
    if (!STOA_HAS(&plugin, destroy)) {
        throw Violation("the descriptor has " + std::to_string(plugin.struct_size) + " bytes, " +
                        std::to_string(sizeof(stoa_plugin)) + " are needed: build it with current headers");
    }
    if (plugin.create == nullptr || plugin.start == nullptr || plugin.health == nullptr ||
        plugin.on_request == nullptr || plugin.on_event == nullptr || plugin.on_timer == nullptr ||
        plugin.stop == nullptr || plugin.destroy == nullptr) {
        throw Violation("the descriptor lacks a function: only restore and save may be NULL");
    }
    if (text(plugin.name) != manifest.name || text(plugin.version) != manifest.version) {
        throw Violation("the code calls itself " + std::string(text(plugin.name)) + " " +
                        std::string(text(plugin.version)) + ", its manifest says " + manifest.name + " " +
                        manifest.version + ": build both from one source");
    }
}

}  // namespace

const std::string& secretOf(const World& world, const std::string& name) {
    const auto found = world.options.secrets.find(name);
    if (found != world.options.secrets.end()) {
        return found->second;
    }
    if (world.options.other_secrets) {
        return *world.options.other_secrets;
    }
    throw Error(STOA_NOT_FOUND, "the configuration has no secret " + name);
}

void writeTo(const stoa_writer* writer, std::string_view text) {
    if (writer->write(writer, text.data(), text.size()) != STOA_OK) {
        throw Error(STOA_EXHAUSTED, "the plugin's writer is full");
    }
}

World::World(validate::Manifest of, Options with)
    : manifest(std::move(of)), options(std::move(with)), now(options.now) {
    settings = options.settings;
    if (manifest.settings) {
        settings = manifest.settings->withDefaults(settings);
        if (const auto wrong = manifest.settings->check(settings); !wrong.empty()) {
            throw Violation("settings " + wrong.front().pointer + " " + wrong.front().why);
        }
    }
    settings_text = writeJson(settings);
    for (const auto make : {makeHttp, makeSql, makeEvents, makeTimer, makeClient, makeExternal, makeMail, makeCrypto,
                            makeClock, makeConfig, makeLog, makeMetrics, makeTrace, makeSecret, makeMemory}) {
        capabilities_.push_back(make(*this));
    }
    for (const std::string& needed : manifest.capabilities) {
        if (std::none_of(capabilities_.begin(), capabilities_.end(),
                         [&](const auto& each) { return each->id() == needed; })) {
            throw Violation("the plugin needs the capability " + needed + ", which this host does not have");
        }
    }
    host_ = {sizeof host_, STOA_ABI_MAJOR, STOA_ABI_MINOR, 0, this, capability, lastError, explain};
    negotiate();
    migrate();
    create();
}

World::~World() { destroy(); }

void World::step(std::string_view name) const {
    if (options.before) {
        options.before(name);
    }
}

void World::migrate() {
    step("migrated");
    database.script(kHostTables);
    for (const validate::MigrationFile& migration : manifest.migrations) {
        try {
            database.script(migration.sql);
        } catch (const Error& error) {
            throw Violation("migration " + migration.name + ": " + error.what());
        }
    }
}

void World::negotiate() {
    step("negotiated");
    const stoa_plugin_entry_fn entry = options.entry != nullptr ? options.entry : stoa_plugin_entry;
    if (entry == nullptr) {
        throw Violation("this program has no stoa_plugin_entry: link the plugin's sources");
    }
    const Writer refusal;
    const stoa_offer offer{sizeof offer, STOA_ABI_MAJOR, STOA_ABI_MINOR, 0, view("fake")};
    plugin = entry(&offer, refusal.raw());
    if (plugin == nullptr) {
        throw Violation("the plugin refuses this host: " + refusal.text());
    }
    checkDescriptor(*plugin, manifest);
}

void World::create() {
    step("created");
    const Writer refusal;
    if (const stoa_status status = plugin->create(&host_, &instance, refusal.raw()); status != STOA_OK) {
        instance = nullptr;
        throw Violation("create failed: " + (refusal.text().empty() ? reason(status) : refusal.text()));
    }
    if (instance == nullptr) {
        throw Violation("create made no instance, and said STOA_OK");
    }
    step("started");
    if (const stoa_status status = plugin->start(instance); status != STOA_OK) {
        plugin->destroy(std::exchange(instance, nullptr));
        throw Violation("start failed: " + reason(status));
    }
}

stoa_status World::destroy() {
    if (instance == nullptr) {
        return STOA_OK;
    }
    const stoa_status stopped = plugin->stop(instance);
    plugin->destroy(std::exchange(instance, nullptr));
    return stopped;
}

const void* World::capability(const stoa_host* host, stoa_str id) {
    const World& world = *static_cast<World*>(host->self);
    for (const auto& each : world.capabilities_) {
        if (each->id() == text(id)) {
            return world.manifest.needs(each->id()) ? each->table() : nullptr;
        }
    }
    return nullptr;
}

stoa_str World::lastError(const stoa_host* host) { return view(static_cast<World*>(host->self)->last_error); }
void World::explain(const stoa_host* host, stoa_str why) { static_cast<World*>(host->self)->last_error = text(why); }

std::string World::reason(stoa_status status) const {
    return last_error.empty() ? std::string(statusName(status)) : last_error;
}

stoa_status World::fail(stoa_status status, std::string why) {
    last_error = std::move(why);
    return status;
}

Transaction* World::begin(bool writes) {
    if (open_) {
        throw Error(STOA_INVALID, "a transaction is open already: use that one");
    }
    database.script(writes ? "BEGIN IMMEDIATE" : "PRAGMA query_only = ON; BEGIN");
    open_ = std::make_unique<Transaction>(Transaction{*this, writes});
    return open_.get();
}

stoa_status World::commit(Transaction* transaction) {
    if (transaction->writes && commits_to_fail > 0) {
        --commits_to_fail;
        rollback(transaction);
        return fail(commit_failure, "the commit fails, as the test wants");
    }
    if (transaction->failed) {
        rollback(transaction);
        return fail(STOA_INVALID, "a statement had failed: nothing was committed");
    }
    const stoa_status status = guarded(*this, [&] { database.script("COMMIT; PRAGMA query_only = OFF"); });
    if (status != STOA_OK) {  // a deferred constraint
        const std::string why = last_error;
        rollback(transaction);
        return fail(status, why);
    }
    published.insert(published.end(), transaction->published.begin(), transaction->published.end());
    open_.reset();
    return STOA_OK;
}

void World::rollback(Transaction*) {
    open_.reset();
    database.script("ROLLBACK; PRAGMA query_only = OFF");
}

stoa_status World::inTransaction(const std::function<stoa_status(Transaction&)>& work) {
    Transaction* transaction = begin(true);
    const stoa_status status = work(*transaction);
    if (status != STOA_OK) {
        const std::string why = last_error;
        rollback(transaction);
        return fail(status, why);
    }
    return commit(transaction);
}

void World::expectNoTransaction(std::string_view after) {
    if (open_) {
        rollback(open_.get());
        throw Violation(std::string(after) + " left a transaction open");
    }
}

void World::fillRandom(void* buffer, std::size_t size) {
    // A counter first, so that ids of one millisecond are made in order, then digits that look random: runs repeat.
    ++random_;
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) {
        bytes += static_cast<char>((random_ >> static_cast<unsigned>(shift)) & 0xFFu);
    }
    while (bytes.size() < size) {
        const Digest digest = sha256(bytes);
        bytes.append(digest.begin(), digest.end());
    }
    std::memcpy(buffer, bytes.data(), size);
}

std::string World::newId() {
    std::array<std::uint8_t, 10> random{};
    fillRandom(random.data(), random.size());
    return uuidV7(toMicros(now) / 1000, random);
}

}  // namespace stoa::fake
