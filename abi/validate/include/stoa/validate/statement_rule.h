/// What a plugin's statement must not have, because it breaks when a newer version adds a column while this one runs.
#pragma once

#include <cstddef>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace stoa::validate {

/// Reading a statement takes tens of microseconds, and plugins repeat themselves: what was accepted is remembered. Any
/// thread.
class StatementRule {
public:
    /// Why it is refused; empty when it is not. PostgreSQL's grammar reads it, so what SQLite alone takes is refused
    /// too.
    std::string operator()(std::string_view statement);

private:
    static constexpr std::size_t kRemembered = 4096;

    std::shared_mutex mutex_;
    std::set<std::string, std::less<>> accepted_;
};

}  // namespace stoa::validate
