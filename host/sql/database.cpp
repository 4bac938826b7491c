#include "host/sql/database.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

#include "host/sql/driver.h"

namespace stoa::host::sql {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void Transaction::runCommitHooks() noexcept {
    for (const auto& hook : std::exchange(hooks_, {})) {
        hook();
    }
}

namespace {

/// Up to 3 times more after a STOA_CONFLICT, with jitter.
void tryAgainOnConflict(std::optional<Deadline> deadline, const std::function<void()>& attempt) {
    constexpr int kRetries = 3;
    constexpr milliseconds kFirstPause{10};
    thread_local std::minstd_rand random{std::random_device{}()};
    for (int retry = 0;; ++retry) {
        try {
            attempt();
            return;
        } catch (const ConstraintViolation&) {
            throw;
        } catch (const Error& error) {
            const auto pause = std::chrono::duration_cast<std::chrono::microseconds>(
                kFirstPause * (1 << retry) * std::uniform_real_distribution<double>{0, 1}(random));
            if (error.status() != STOA_CONFLICT || retry == kRetries ||
                (deadline && steady_clock::now() + pause >= *deadline)) {
                throw;
            }
            std::this_thread::sleep_for(pause);
        }
    }
}

}  // namespace

void Database::transact(Mode mode, std::optional<Deadline> deadline, const std::function<void(Transaction&)>& work) {
    tryAgainOnConflict(deadline, [&] {
        const auto transaction = begin(mode, deadline);
        work(*transaction);
        transaction->commit();
    });
}

Result Database::once(Mode mode, std::optional<Deadline> deadline, std::string_view statement,
                      std::span<const Value> parameters) {
    Result result;
    tryAgainOnConflict(deadline, [&] { result = begin(mode, deadline)->executeAndCommit(statement, parameters); });
    return result;
}

std::unique_ptr<Transaction> Database::beginAlone() {
    throw Error(STOA_UNSUPPORTED, describe() + " runs every statement in a transaction: use begin()");
}

std::unique_ptr<Database> Database::open(const std::string& url, const std::string& directory, Options options) {
    constexpr std::string_view kSqlite = "sqlite:";
    constexpr std::string_view kPostgresql = "postgresql:";
    if (options.max_connections < 1) {
        throw Error(STOA_INVALID, "a database needs at least one connection: set its `connections` to 1 or more");
    }
    const auto scheme = url.substr(0, url.find(':') + 1);
    if (scheme == kPostgresql) {
        return openPostgresql(url, options);
    }
    if (scheme != kSqlite) {
        // Not the whole text: whoever mistypes the scheme may have put a password into it.
        throw Error(STOA_INVALID, "a database is \"sqlite:<file>\" or \"postgresql://user@host:port/name\", not \"" +
                                      url.substr(0, scheme.size()) + "…\"");
    }
    const auto path = url.substr(kSqlite.size());
    if (path.empty() || path == "." || path.ends_with('/') || path.find('?') != std::string::npos) {
        throw Error(STOA_INVALID, "\"" + url + "\" names no file: write \"sqlite:<file>\"");
    }
    if (path.starts_with(':')) {
        if (path != ":memory:") {
            throw Error(STOA_INVALID, "\"" + url + "\": the only special name is \"sqlite::memory:\"");
        }
        return openSqlite(path, options);
    }
    const std::filesystem::path file = std::filesystem::path{directory} / path;
    return openSqlite(std::filesystem::absolute(file).lexically_normal().string(), options);
}

}  // namespace stoa::host::sql
