/// Reads the members of a JSON object one by one, and then refuses those that nobody asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>

namespace stoa::validate {

/// What is wrong with a manifest, as a sentence that names the field.
struct ManifestError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Fields {
public:
    /// `place` names the object in messages: "routes[2]". Throws ManifestError when `object` is none.
    Fields(const Json::Value& object, std::string place);

    bool has(const char* name) const { return object_.isMember(name); }
    /// Each throws ManifestError for a member that is missing (without a fallback) or of another type.
    std::string text(const char* name, std::optional<std::string_view> fallback = {});
    std::int64_t integer(const char* name, std::int64_t smallest, std::int64_t largest,
                         std::optional<std::int64_t> fallback = {});
    bool flag(const char* name, bool fallback);
    std::vector<std::string> texts(const char* name);  ///< empty when absent
    const Json::Value& list(const char* name);         ///< an empty array when absent
    const Json::Value& value(const char* name);        ///< null when absent

    /// Throws for members that none of the above asked for, with the nearest known name.
    void done() const;
    [[noreturn]] void fail(const char* name, const std::string& why) const;
    /// Fails unless the text of member `name` is `good`.
    void require(bool good, const char* name, const std::string& why) const {
        if (!good) {
            fail(name, why);
        }
    }
    const std::string& place() const { return place_; }

private:
    const Json::Value* find(const char* name);

    const Json::Value& object_;
    std::string place_;
    std::set<std::string> known_;
};

/// The candidate with the fewest single-letter changes, or empty when all need more than three.
std::string nearest(const std::string& word, const std::set<std::string>& candidates);

}  // namespace stoa::validate
