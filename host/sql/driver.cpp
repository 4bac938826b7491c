#include "host/sql/driver.h"

#include <fmt/format.h>

#include <cmath>

#include "host/base/crash_point.h"

namespace stoa::host::sql {
namespace {

/// Well-formed UTF-8 (RFC 3629: no overlong forms, surrogates, or code points over U+10FFFF) without NUL.
bool isStorableText(std::string_view text) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* const end = at + text.size();
    const auto follows = [&](int count) {
        for (int i = 1; i <= count; ++i) {
            if (at + i >= end || (at[i] & 0xC0) != 0x80) {
                return false;
            }
        }
        return true;
    };
    while (at < end) {
        const unsigned char c = *at;
        if (c == 0) {
            return false;
        }
        if (c < 0x80) {
            ++at;
        } else if (c >= 0xC2 && c <= 0xDF && follows(1)) {
            at += 2;
        } else if (c >= 0xE0 && c <= 0xEF && follows(2) && !(c == 0xE0 && at[1] < 0xA0) &&
                   !(c == 0xED && at[1] > 0x9F)) {
            at += 3;
        } else if (c >= 0xF0 && c <= 0xF4 && follows(3) && !(c == 0xF0 && at[1] < 0x90) &&
                   !(c == 0xF4 && at[1] > 0x8F)) {
            at += 4;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

void DriverTransaction::refuseWhenOver() const {
    if (ended_) {
        throw Error(STOA_INVALID, "this transaction has ended: begin another");
    }
    if (failure_) {
        throw Error(failure_->status(),
                    std::string{"a statement of this transaction failed before, roll it back: "} + failure_->what());
    }
}

Result DriverTransaction::execute(std::string_view statement, std::span<const Value> parameters) {
    refuseWhenOver();
    try {
        checkParameters(parameters);
        return run(statement, parameters);
    } catch (const Error& error) {
        failure_ = error;
        throw;
    }
}

void DriverTransaction::commit() {
    try {
        refuseWhenOver();
    } catch (...) {
        rollback();
        throw;
    }
    ended_ = true;
    try {
        commitNow();
    } catch (...) {
        released();
        throw;
    }
    committed();
}

Result DriverTransaction::executeAndCommit(std::string_view statement, std::span<const Value> parameters) {
    Result result;
    try {
        refuseWhenOver();
        checkParameters(parameters);
        result = runAndCommit(statement, parameters);
    } catch (...) {
        rollback();
        throw;
    }
    ended_ = true;
    committed();
    return result;
}

void DriverTransaction::committed() {
    released();
    if (owner_) {
        crashPoint(CrashPoint::kSqlCommitted, *owner_);
    }
    runCommitHooks();
}

void DriverTransaction::rollback() noexcept {
    if (!ended_) {
        ended_ = true;
        rollbackNow();
        released();
    }
}

void checkParameters(std::span<const Value> parameters) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto* text = std::get_if<std::string>(&parameters[i]);
        if (text && !isStorableText(*text)) {
            throw Error(STOA_INVALID, fmt::format("parameter ${} is text with NUL or bad UTF-8: pass bytes", i + 1));
        }
        const auto* number = std::get_if<double>(&parameters[i]);
        if (number && !std::isfinite(*number)) {
            throw Error(STOA_INVALID, fmt::format("parameter ${} is not a finite number", i + 1));
        }
    }
}

void checkParameterCount(std::size_t wanted, std::size_t given, std::string_view statement) {
    if (wanted != given) {
        throw Error(STOA_INVALID, fmt::format("the statement has {} parameters, {} were given: {}", wanted, given,
                                              excerpt(statement)));
    }
}

void checkRowCount(std::size_t rows, std::size_t max_rows, std::string_view statement) {
    if (rows > max_rows) {
        throw Error(STOA_EXHAUSTED, fmt::format("more than {} rows: page through them with LIMIT, in: {}", max_rows,
                                                excerpt(statement)));
    }
}

std::string excerpt(std::string_view statement) {
    constexpr std::size_t kLength = 160;
    std::string text{statement.substr(0, kLength)};
    return statement.size() > kLength ? text + "…" : text;
}

std::chrono::milliseconds remaining(std::optional<Deadline> deadline, std::chrono::milliseconds fallback) {
    if (!deadline) {
        return fallback;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
        throw Error(STOA_DEADLINE, "the deadline passed before the statement began");
    }
    return left;
}

}  // namespace stoa::host::sql
