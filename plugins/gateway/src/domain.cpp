#include "domain.h"

#include <algorithm>

namespace gateway {
namespace {

bool contains(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::string_view one = words.substr(0, words.find(' '));
        if (one == word) {
            return true;
        }
        words.remove_prefix(std::min(words.size(), one.size() + 1));
    }
    return false;
}

std::string keyOf(std::string_view method, std::string_view path) {
    return std::string(method) + " " + std::string(path);
}

}  // namespace

bool isInternal(std::string_view auth) {
    return !contains(auth, "public") && !contains(auth, "user") && !contains(auth, "staff");
}

std::string requirement(std::string_view auth) {
    for (const char* mark : {"public", "user"}) {
        if (contains(auth, mark)) {
            return mark;
        }
    }
    return "staff";
}

std::vector<std::string> droppedHeaders() {
    // Who somebody is stands in the token alone; a browser's cookies and its CORS questions end here.
    return {"Stoa-Service-Token", "Stoa-Deadline-Ms", "X-User-Id", "X-User-Roles",
            "X-Service",          "Cookie",           "Origin",    "Idempotent-Replayed"};
}

bool Origins::allows(std::string_view origin) const {
    return !origin.empty() && std::any_of(allowed_.begin(), allowed_.end(),
                                          [&](const std::string& one) { return one == "*" || one == origin; });
}

void Deadlines::set(const std::string& method, const std::string& path, std::uint32_t milliseconds) {
    milliseconds_[keyOf(method, path)] = milliseconds;
}

std::uint32_t Deadlines::of(std::string_view method, std::string_view path) const {
    if (milliseconds_.empty()) {
        return 0;
    }
    for (const std::string_view fit : {method, std::string_view{}}) {
        const auto found = milliseconds_.find(keyOf(fit, path));
        if (found != milliseconds_.end()) {
            return found->second;
        }
    }
    return 0;
}

}  // namespace gateway
