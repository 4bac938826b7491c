#include <stoa/error.h>

#include <array>

namespace stoa {

namespace {

struct Meaning {
    std::string_view name;
    int http;
    bool retryable;
};

// By status, from STOA_OK; the table of core.h.
constexpr std::array<Meaning, 12> kMeanings = {{{"ok", 200, false},
                                                {"not_found", 404, false},
                                                {"conflict", 409, true},
                                                {"duplicate", 409, false},
                                                {"invalid", 400, false},
                                                {"unauthenticated", 401, false},
                                                {"forbidden", 403, false},
                                                {"deadline", 504, true},
                                                {"unavailable", 503, true},
                                                {"exhausted", 503, true},
                                                {"unsupported", 501, false},
                                                {"internal", 500, false}}};

const Meaning& meaning(stoa_status status) {
    const auto index = static_cast<std::size_t>(status);
    return status >= 0 && index < kMeanings.size() ? kMeanings[index] : kMeanings[STOA_INTERNAL];
}

}  // namespace

bool Error::retryable() const { return meaning(status_).retryable; }
int httpStatus(stoa_status status) { return meaning(status).http; }
std::string_view statusName(stoa_status status) { return meaning(status).name; }

}  // namespace stoa
