/// "postgresql://user@host:port/name?sslmode=…", read strictly.
#pragma once

#include <string>
#include <string_view>

namespace stoa::host::sql {

struct PostgresqlUrl {
    std::string conninfo;  ///< for libpq, without the password
    std::string describe;  ///< for logs: user, hosts, name
};

/// Several hosts may stand with commas between them; with `?target_session_attrs=read-write` the primary is taken.
/// Throws stoa::Error STOA_INVALID that says what is wrong; a password in the URL is refused, since URLs get printed.
PostgresqlUrl parsePostgresqlUrl(std::string_view url);

/// A keyword and its value in libpq's quoting (PostgreSQL 15 manual, 34.1.1).
std::string conninfoPair(std::string_view keyword, std::string_view value);

}  // namespace stoa::host::sql
