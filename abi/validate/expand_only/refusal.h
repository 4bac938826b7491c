/// Why a statement is refused and what to do instead.
#pragma once

#include <optional>
#include <string>

#include <json/value.h>

namespace stoa::validate {

struct Refusal {
    std::string reason;
    std::string cure;
    bool warning = false;
};

/// For a kind of statement that no swap can have: DROP, UPDATE, triggers, …
Refusal refusalOf(const std::string& kind);

/// For a part of ALTER TABLE that is not ADD COLUMN.
Refusal alterRefusal(const std::string& subtype, const std::string& name);

/// What of a new column on a table that was there would not do.
std::optional<Refusal> checkNewColumn(const Json::Value& column);

/// A literal, also with a cast or a minus; an array of such.
bool isConstant(const Json::Value& expression);

/// An expression of an index that can't fail for any row.
bool cannotFail(const Json::Value& expression);

}  // namespace stoa::validate
