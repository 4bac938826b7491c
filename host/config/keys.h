/// The table of every key: the single source of validation, of conf/host.yaml and of what `--explain` prints.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stoa::host::config {

/// Names from the outside in: {"plugins", "order", "sql"}.
using Path = std::vector<std::string>;
Path splitPath(std::string_view dotted);
std::string joinPath(const Path& path);
/// Whether `path` begins with the whole of `root` and goes on.
bool isBelow(const Path& path, const Path& root);

enum class Type {
    kText,
    kUrl,        ///< text that may not hold a password
    kInteger,    ///< low … high
    kNumber,     ///< low … high
    kBool,       ///< true or false
    kDuration,   ///< "250ms", "30s", "5m", "24h", "7d"; kept as milliseconds
    kDurations,  ///< a list of them
    kSize,       ///< "65536", "64KiB", "1MiB", "2GiB"; kept as bytes
    kAddress,    ///< "127.0.0.1:8080"
    kChoice,     ///< one of `choices`
    kReference,  ///< to a secret: "file:<path>", "env:<NAME>", "credential:<name>", or empty
    kObject,     ///< anything below it: the plugin's own settings
};

struct Key {
    const char* path;  ///< "*" stands for a name
    Type type;
    const char* fallback;  ///< as written in a file; "<name>" stands for the plugin's name
    const char* description;
    const char* choices = "";  ///< "a|b"
    std::int64_t low = 0;
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

/// A description for a group of keys, for conf/host.yaml.
struct Section {
    const char* path;
    const char* description;
};

std::span<const Key> keys();
std::span<const Section> sections();

/// The key that `path` is, or lies below (kObject); nullptr when it is none.
const Key* findKey(const Path& path);
/// Whether some key lies below `path`.
bool isSection(const Path& path);
/// The path that a variable stands for ("STOA_PLUGINS_ORDER_SQL" → plugins.order.sql); nothing when it is none.
std::optional<Path> pathOfVariable(std::string_view name);

/// A known key that was probably meant, or empty: the nearest by edit distance.
std::string nearestKey(const Path& path);
std::string nearestVariable(std::string_view name);

/// What "*" may be: lower-case letters, digits, "_" and "-", beginning with a letter.
bool isName(std::string_view text);

}  // namespace stoa::host::config
