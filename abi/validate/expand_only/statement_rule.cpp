#include <stoa/validate/statement_rule.h>

#include <mutex>

#include <fmt/format.h>

#include <stoa/validate/expand_only.h>

namespace stoa::validate {

std::string StatementRule::operator()(std::string_view statement) {
    {
        const std::shared_lock lock(mutex_);
        if (accepted_.contains(statement)) {
            return {};
        }
    }
    const auto star = usesStar(statement);
    if (!star) {
        return fmt::format("PostgreSQL can't read it ({})", star.error());
    }
    if (*star) {
        return "SELECT * and RETURNING * change their answer when a newer version adds a column: name the columns";
    }
    const std::lock_guard lock(mutex_);
    if (accepted_.size() < kRemembered) {
        accepted_.emplace(statement);
    }
    return {};
}

}  // namespace stoa::validate
