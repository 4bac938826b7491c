/// What a statement must not have, because it breaks when a newer version adds a column while this one runs.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace stoa::host::probe {

class StatementRule {
public:
    /// Why it is refused; empty when it is not. PostgreSQL's grammar reads it, so what SQLite alone takes is refused
    /// too.
    std::string operator()(std::string_view statement);

private:
    std::set<std::string, std::less<>> accepted_;  // plugins repeat themselves
};

}  // namespace stoa::host::probe
