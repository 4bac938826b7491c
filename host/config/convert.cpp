#include "host/config/convert.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace stoa::host::config {
namespace {

using Converted = tl::expected<Json::Value, std::string>;
using Unit = std::pair<std::string_view, std::int64_t>;

constexpr Unit kDurationUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 24 * std::int64_t{3'600'000}}};
constexpr Unit kSizeUnits[] = {{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

template <class Number>
std::optional<Number> wholeNumber(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> withUnit(std::string_view text, std::span<const Unit> units) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = wholeNumber<std::int64_t>(text.substr(0, digits));
    if (!number) {
        return std::nullopt;
    }
    for (const auto& [unit, factor] : units) {
        std::int64_t product = 0;
        if (text.substr(digits) == unit && !__builtin_mul_overflow(*number, factor, &product)) {
            return product;
        }
    }
    return std::nullopt;
}

/// 0 needs no unit.
std::optional<std::int64_t> duration(std::string_view text) { return text == "0" ? 0 : withUnit(text, kDurationUnits); }

Converted within(const Key& key, std::optional<std::int64_t> value, std::string_view expected,
                 std::string_view unit = "") {
    if (!value) {
        return tl::unexpected(fmt::format("expected {}", expected));
    }
    if (*value < key.low || *value > key.high) {
        const bool open = key.high == std::numeric_limits<std::int64_t>::max();
        return tl::unexpected(open ? fmt::format("expected {}, at least {}{}", expected, key.low, unit)
                                   : fmt::format("expected {} from {} to {}{}", expected, key.low, key.high, unit));
    }
    return Json::Value(Json::Int64(*value));
}

Converted number(const Key& key, std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // Not (value >= low …) also catches nan.
    if (error != std::errc{} || end != text.data() + text.size() ||
        !(value >= static_cast<double>(key.low) && value <= static_cast<double>(key.high))) {
        return tl::unexpected(fmt::format("expected a number from {} to {}", key.low, key.high));
    }
    return Json::Value(value);
}

std::optional<Address> address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return std::nullopt;
    }
    std::string_view host = text.substr(0, colon);
    const auto port = wholeNumber<std::uint16_t>(text.substr(colon + 1));
    if (host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    if (!port || host.empty() || host.find_first_of(" /[]@") != std::string_view::npos) {
        return std::nullopt;
    }
    return Address{std::string(host), *port};
}

Converted choice(const Key& key, std::string_view text) {
    std::string_view left = key.choices;
    while (!left.empty()) {
        const std::size_t bar = left.find('|');
        if (left.substr(0, bar) == text) {
            return Json::Value(std::string(text));
        }
        left.remove_prefix(bar == std::string_view::npos ? left.size() : bar + 1);
    }
    return tl::unexpected(fmt::format("expected one of {}", key.choices));
}

Converted reference(std::string_view text) {
    for (const std::string_view prefix : {"file:", "env:", "credential:"}) {
        if (text.starts_with(prefix) && text.size() > prefix.size()) {
            return Json::Value(std::string(text));
        }
    }
    if (text.empty()) {
        return Json::Value("");
    }
    return tl::unexpected(
        std::string("expected a reference to a secret, not the secret: file:<path>, env:<NAME> or "
                    "credential:<name>"));
}

Converted url(std::string_view text) {
    const std::size_t scheme = text.find("://");
    if (scheme != std::string_view::npos) {
        const std::string_view authority = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
        const std::size_t at = authority.rfind('@');
        if (at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos) {
            return tl::unexpected(
                std::string("expected an address without a password: give the password as a "
                            "reference under its own key"));
        }
    }
    return Json::Value(std::string(text));
}

}  // namespace

Converted convert(const Key& key, std::string_view text) {
    switch (key.type) {
        case Type::kText:
            return Json::Value(std::string(text));
        case Type::kUrl:
            return url(text);
        case Type::kInteger:
            return within(key, wholeNumber<std::int64_t>(text), "a whole number");
        case Type::kNumber:
            return number(key, text);
        case Type::kBool:
            if (text != "true" && text != "false") {
                return tl::unexpected(std::string("expected true or false"));
            }
            return Json::Value(text == "true");
        case Type::kDuration:
            return within(key, duration(text), "a duration such as 250ms, 30s, 5m, 24h or 7d", "ms");
        case Type::kSize:
            return within(key, withUnit(text, kSizeUnits), "a size such as 65536, 64KiB, 1MiB or 2GiB", " bytes");
        case Type::kAddress:
            if (!address(text)) {
                return tl::unexpected(std::string("expected host:port, as 127.0.0.1:8080 or [::1]:0"));
            }
            return Json::Value(std::string(text));
        case Type::kChoice:
            return choice(key, text);
        case Type::kReference:
            return reference(text);
        case Type::kDurations:
            return tl::unexpected(std::string("expected a list of durations, as [1s, 10s, 60s]"));
        case Type::kObject:
            return tl::unexpected(std::string("expected keys and values below it"));
    }
    return tl::unexpected(std::string("expected another type"));
}

Converted convertList(const Key& key, const std::vector<std::string>& items) {
    if (key.type != Type::kDurations) {
        return tl::unexpected(std::string("expected one value, not a list"));
    }
    Json::Value list(Json::arrayValue);
    for (const std::string& item : items) {
        auto one = within(key, duration(item), "a list of durations, as [1s, 10s, 60s]", "ms");
        if (!one) {
            return one;
        }
        list.append(*one);
    }
    return list;
}

std::string refusal(const Path& path, const Key& key, const std::string& text, const std::string& why) {
    const bool quiet = key.type == Type::kReference || key.type == Type::kUrl;
    return quiet ? fmt::format("{}: {}", joinPath(path), why)
                 : fmt::format("{} is \"{}\": {}", joinPath(path), text, why);
}

Address parseAddress(std::string_view text) { return address(text).value_or(Address{}); }

std::string Address::text() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

}  // namespace stoa::host::config
