#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "host/outbound/http_client.h"

namespace stoa::host::outbound {
namespace {

std::optional<std::uint16_t> portOf(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool whole = failure == std::errc{} && end == text.data() + text.size();
    return whole && port != 0 ? std::optional{port} : std::nullopt;
}

}  // namespace

Origin Origin::parse(std::string_view address) {
    const std::string_view whole = address;
    const auto refuse = [&]() -> Error {
        return Error(STOA_INVALID, fmt::format("\"{}\" is no address; give host:port or http(s)://host:port", whole));
    };
    Origin origin;
    if (address.starts_with("https://")) {
        origin.tls = true;
        origin.port = 443;
        address.remove_prefix(8);
    } else if (address.starts_with("http://")) {
        address.remove_prefix(7);
    }
    if (address.ends_with('/')) {
        address.remove_suffix(1);
    }
    std::string_view rest;
    if (address.starts_with('[')) {
        const auto close = address.find(']');
        if (close == std::string_view::npos) {
            throw refuse();
        }
        origin.host = address.substr(1, close - 1);
        rest = address.substr(close + 1);
    } else {
        const auto colon = std::min(address.find(':'), address.size());
        origin.host = address.substr(0, colon);
        rest = address.substr(colon);
    }
    if (!rest.empty()) {
        const auto port = rest.front() == ':' ? portOf(rest.substr(1)) : std::nullopt;
        if (!port) {
            throw refuse();
        }
        origin.port = *port;
    }
    if (origin.host.empty() || origin.host.find_first_of("/?#@ \t\r\n\\%") != std::string::npos) {
        throw refuse();
    }
    return origin;
}

std::string Origin::authority() const {
    std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port != (tls ? 443 : 80)) {
        text += ":" + std::to_string(port);
    }
    return text;
}

}  // namespace stoa::host::outbound
