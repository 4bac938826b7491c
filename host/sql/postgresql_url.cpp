#include "host/sql/postgresql_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <stoa/error.h>

namespace stoa::host::sql {
namespace {

constexpr std::string_view kScheme = "postgresql://";
constexpr std::array<std::string_view, 17> kOptions{"sslmode",
                                                    "sslrootcert",
                                                    "sslcert",
                                                    "sslkey",
                                                    "sslcrl",
                                                    "ssl_min_protocol_version",
                                                    "channel_binding",
                                                    "gssencmode",
                                                    "application_name",
                                                    "connect_timeout",
                                                    "keepalives",
                                                    "keepalives_idle",
                                                    "keepalives_interval",
                                                    "keepalives_count",
                                                    "tcp_user_timeout",
                                                    "target_session_attrs",
                                                    "host"};

[[noreturn]] void refuse(const std::string& why) {
    throw Error(STOA_INVALID,
                "database URL: " + why + "; the form is postgresql://user@host:port/name?sslmode=verify-full");
}

/// The text before `mark`, which goes with it; the whole text when there is none.
std::string_view cut(std::string_view& text, char mark) {
    const auto at = text.find(mark);
    const auto head = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return head;
}

std::string decode(std::string_view text, std::string_view what) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned code = 0;
        const auto* digits = text.data() + i + 1;
        if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, code, 16).ptr != digits + 2 || code == 0) {
            refuse(fmt::format("bad percent-encoding in the {}", what));
        }
        out += static_cast<char>(code);
        i += 2;
    }
    return out;
}

struct Place {
    std::string host;
    std::string port;
};

Place parsePlace(std::string_view text) {
    constexpr std::string_view kDefaultPort = "5432";
    std::string_view host;
    if (text.starts_with('[')) {
        text.remove_prefix(1);
        if (text.find(']') == std::string_view::npos) {
            refuse("an address that begins with [ ends with ]");
        }
        host = cut(text, ']');
        if (!text.empty() && !text.starts_with(':')) {
            refuse("after an address in [] comes a colon and the port");
        }
        text = text.empty() ? text : text.substr(1);
    } else {
        host = cut(text, ':');
    }
    if (host.empty()) {
        refuse("a host is missing");
    }
    const std::string_view port = text.empty() ? kDefaultPort : text;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number < 1 || number > 65535) {
        refuse(fmt::format("\"{}\" is no port", port));
    }
    return {decode(host, "host"), std::string{port}};
}

std::string parseOptions(std::string_view query, bool host_given) {
    std::string conninfo;
    while (!query.empty()) {
        auto value = cut(query, '&');
        const auto name = cut(value, '=');
        if (std::find(kOptions.begin(), kOptions.end(), name) == kOptions.end()) {
            refuse(fmt::format("unknown option \"{}\", known are {}", name, fmt::join(kOptions, ", ")));
        }
        if (name == "host" && host_given) {
            refuse("the host stands twice, before the path and as an option");
        }
        conninfo += conninfoPair(name, decode(value, "option " + std::string{name}));
    }
    return conninfo;
}

std::string parseUser(std::string_view user) {
    if (user.empty()) {
        refuse("the user before @ is empty");
    }
    if (user.find(':') != std::string_view::npos) {
        refuse("a password has no place in it, it would be printed: give it as a secret");
    }
    return decode(user, "user");
}

}  // namespace

std::string conninfoPair(std::string_view keyword, std::string_view value) {
    std::string pair{keyword};
    pair += "='";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            pair += '\\';
        }
        pair += c;
    }
    return pair + "' ";
}

PostgresqlUrl parsePostgresqlUrl(std::string_view url) {
    if (!url.starts_with(kScheme)) {
        refuse("it has to begin with postgresql://");
    }
    url.remove_prefix(kScheme.size());
    auto query = url;
    url = cut(query, '?');
    auto path = url;
    auto places = cut(path, '/');
    std::string user;
    if (const auto at = places.rfind('@'); at != std::string_view::npos) {
        user = parseUser(places.substr(0, at));
        places.remove_prefix(at + 1);
    }
    const auto name = decode(path, "database name");
    if (name.empty() || name.find('/') != std::string::npos) {
        refuse("the name of the database is missing or has a slash");
    }
    PostgresqlUrl parsed;
    parsed.describe = "postgresql://" + (user.empty() ? "" : user + "@") + std::string{places} + "/" + name;
    parsed.conninfo = conninfoPair("dbname", name) + (user.empty() ? "" : conninfoPair("user", user)) +
                      parseOptions(query, !places.empty());
    std::string hosts;
    std::string ports;
    while (!places.empty()) {
        const auto place = parsePlace(cut(places, ','));
        hosts += (hosts.empty() ? "" : ",") + place.host;
        ports += (ports.empty() ? "" : ",") + place.port;
    }
    if (!hosts.empty()) {
        parsed.conninfo += conninfoPair("host", hosts) + conninfoPair("port", ports);
    } else if (query.find("host=") == std::string_view::npos) {
        refuse("it names no host, before the path or as ?host=/directory/of/the/socket");
    }
    return parsed;
}

}  // namespace stoa::host::sql
