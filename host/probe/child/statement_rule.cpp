#include "host/probe/child/statement_rule.h"

#include <fmt/format.h>

#include <stoa/validate/expand_only.h>

namespace stoa::host::probe {

std::string StatementRule::operator()(std::string_view statement) {
    if (accepted_.contains(statement)) {
        return {};
    }
    const auto star = validate::usesStar(statement);
    if (!star) {
        return fmt::format("PostgreSQL can't read it ({})", star.error());
    }
    if (*star) {
        return "SELECT * and RETURNING * change their answer when a newer version adds a column: name the columns";
    }
    accepted_.emplace(statement);
    return {};
}

}  // namespace stoa::host::probe
