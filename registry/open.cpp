#include "registry/open.h"

#include <stdexcept>
#include <utility>
#include <vector>

#include "registry/embedded.h"
#include "registry/static_list.h"

namespace stoa::registry {
namespace {

constexpr std::string_view kEmbedded = "embedded:";
constexpr std::string_view kStatic = "static:";

[[noreturn]] void refuse(const std::string& url, const std::string& why) {
    throw std::runtime_error("registry \"" + url + "\": " + why +
                             "; use \"embedded:\", \"embedded://host:port\" or \"static://host:port,host:port\"");
}

/// Checks host:port, with [::1]:port for IPv6.
std::string address(const std::string& url, std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        refuse(url, "\"" + std::string(text) + "\" is not host:port");
    }
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos ||
        std::stoi(std::string(port)) < 1 || std::stoi(std::string(port)) > 65535) {
        refuse(url, "\"" + std::string(port) + "\" is not a port (1 to 65535)");
    }
    if (text.find_first_of("/?#@ ") != std::string_view::npos) {
        refuse(url, "\"" + std::string(text) + "\" is not host:port");
    }
    return std::string(text);
}

std::string_view afterSlashes(std::string_view rest) { return rest.starts_with("//") ? rest.substr(2) : rest; }

}  // namespace

std::unique_ptr<Registry> openRegistry(const std::string& url, Sealer& sealer, HttpSend send, Options options) {
    const std::string_view text = url;
    if (text.starts_with(kEmbedded)) {
        const std::string_view rest = afterSlashes(text.substr(kEmbedded.size()));
        return std::make_unique<EmbeddedRegistry>(rest.empty() ? "" : address(url, rest), sealer, std::move(send),
                                                  std::move(options));
    }
    if (text.starts_with(kStatic)) {
        std::string_view rest = afterSlashes(text.substr(kStatic.size()));
        std::vector<std::string> addresses;
        while (true) {
            const std::size_t comma = rest.find(',');
            addresses.push_back(address(url, rest.substr(0, comma)));
            if (comma == std::string_view::npos) {
                break;
            }
            rest.remove_prefix(comma + 1);
        }
        return std::make_unique<StaticRegistry>(std::move(addresses), sealer, std::move(send), std::move(options));
    }
    refuse(url, "unknown driver");
}

}  // namespace stoa::registry
