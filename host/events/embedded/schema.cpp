#include "host/events/embedded/schema.h"

#include <stoa/error.h>

#include <chrono>
#include <fstream>
#include <string>

namespace stoa::host::events::embedded {
namespace {

constexpr int kFormat = 1;

constexpr const char* kTables = R"sql(
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL REFERENCES topics (id),
    number INTEGER NOT NULL,
    first INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, number));
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    headers BLOB NOT NULL);
CREATE TABLE groups (name TEXT PRIMARY KEY, generation INTEGER NOT NULL, seen_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE group_topics (group_name TEXT, topic TEXT, PRIMARY KEY (group_name, topic)) WITHOUT ROWID;
CREATE TABLE members (
    group_name TEXT,
    member TEXT,
    incarnation INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    topics TEXT NOT NULL,
    PRIMARY KEY (group_name, member)) WITHOUT ROWID;
CREATE TABLE owners (
    group_name TEXT,
    partition INTEGER,
    member TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    PRIMARY KEY (group_name, partition)) WITHOUT ROWID;
CREATE TABLE offsets (
    group_name TEXT,
    partition INTEGER,
    next INTEGER NOT NULL,
    PRIMARY KEY (group_name, partition)) WITHOUT ROWID;
)sql";

std::string bootId() {
    std::string id;
    std::ifstream{"/proc/sys/kernel/random/boot_id"} >> id;
    return id;
}

template <class Clock>
std::int64_t micros() {
    return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

void prepareFile(Connection& connection) {
    WriteScope scope(connection);
    std::int64_t format = 0;
    {
        Statement version = connection.prepare("PRAGMA user_version");
        format = version.step() ? version.integer(0) : 0;
    }
    if (format == 0) {
        connection.execute(kTables);
        connection.execute("PRAGMA user_version=1");
    } else if (format != kFormat) {
        throw Error(STOA_INVALID, "event log: the file has format " + std::to_string(format) +
                                      ", this host knows format 1; start the newer host, or give it another file");
    }
    const std::string boot = bootId();
    connection.prepare("INSERT OR IGNORE INTO meta VALUES ('boot', '')").run();
    connection.prepare("UPDATE meta SET value=?1 WHERE name='boot' AND value<>?1").bind(boot).run();
    if (connection.changes() > 0) {
        connection.execute("DELETE FROM members; DELETE FROM owners; UPDATE groups SET generation=generation+1");
    }
    scope.commit();
}

std::int64_t monotonicMicros() { return micros<std::chrono::steady_clock>(); }
std::int64_t wallMicros() { return micros<std::chrono::system_clock>(); }

}  // namespace stoa::host::events::embedded
