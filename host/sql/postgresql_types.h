/// PostgreSQL's types and states, as values and statuses of ours.
#pragma once

#include <libpq-fe.h>

#include <string_view>

#include "host/sql/database.h"

namespace stoa::host::sql {

/// The type that a parameter is declared with; 0 for NULL: let the server find out.
Oid typeOf(const Value& value);

/// A column of a result in text format. bigint and its kin become int64, also a numeric without a fraction, as
/// sum(bigint) gives it; float and other numerics double; bytea bytes; bool bool; every other type its text. Throws
/// STOA_INVALID for a number that does not fit.
Value readColumn(const PGresult* result, int row, int column);

/// By SQLSTATE (PostgreSQL 15 manual, appendix A).
stoa_status statusOf(std::string_view sqlstate);

}  // namespace stoa::host::sql
