#include "host/dispatch/request_state.h"

namespace {

std::optional<std::string_view> valueOf(const std::vector<std::pair<std::string, std::string>>& pairs,
                                        std::string_view name) {
    for (const auto& [key, value] : pairs) {
        if (key == name) {
            return value;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> stoa_request::parameter(std::string_view name) const {
    return valueOf(path_parameters, name);
}

std::optional<std::string_view> stoa_request::queryValue(std::string_view name) const { return valueOf(query, name); }
