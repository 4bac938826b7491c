#include "host/app/certify.h"

#include <charconv>
#include <chrono>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <stoa/error.h>

#include "host/security/files.h"
#include "host/security/keys.h"

namespace stoa::host::app {
namespace {

void wanted(const std::string& value, std::string_view option) {
    if (value.empty()) {
        throw Error(STOA_INVALID, fmt::format("certify needs {}; `host --help` explains it", option));
    }
}

std::vector<std::string> servicesIn(std::string_view list) {
    std::vector<std::string> services;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (comma == 0) {
            throw Error(STOA_INVALID, "--services is a list of names with commas between them: order,payment");
        }
        services.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return services;
}

std::chrono::seconds lifetimeOf(const std::string& days) {
    constexpr int kMost = 3650;
    int count = 0;
    const char* end = days.data() + days.size();
    const auto read = std::from_chars(days.data(), end, count);
    if (read.ec != std::errc{} || read.ptr != end || count < 1 || count > kMost) {
        throw Error(STOA_INVALID,
                    fmt::format("--days is \"{}\": a whole number from 1 to {} is expected", days, kMost));
    }
    return std::chrono::days{count};
}

}  // namespace

std::string makeCertificate(const CertificateOrder& order, Time now) {
    wanted(order.fleet_key, "--fleet-key=FILE");
    wanted(order.host_key, "--host-key=FILE");
    wanted(order.host_id, "--host-id=ID");
    wanted(order.services, "--services=NAME[,NAME…]");
    const std::chrono::seconds lifetime = lifetimeOf(order.days);
    const std::vector<std::string> services = servicesIn(order.services);
    const auto pem = security::readFile(order.host_key);
    if (!pem) {
        throw Error(STOA_UNAVAILABLE,
                    order.host_key + ": no such file; a host writes host.pub into its state directory when it starts");
    }
    const auto key = security::PublicKey::fromPem(*pem);
    if (!key) {
        throw Error(STOA_INVALID,
                    fmt::format("{}: {}; give the host's public key, host.pub", order.host_key, key.error()));
    }
    return security::certify(order.fleet_key, order.host_id, *key, services, lifetime, now);
}

}  // namespace stoa::host::app
