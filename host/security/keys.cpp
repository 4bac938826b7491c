#include "host/security/keys.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <stoa/error.h>

#include "host/base/atomic_file.h"
#include "host/security/files.h"
#include "host/security/jwt.h"

namespace stoa::host::security {
namespace {

constexpr std::string_view kFleet = "stoa-fleet";
constexpr std::size_t kServices = 256;
constexpr std::chrono::seconds kReadAgain{30};

PrivateKey parsePrivate(const std::string& path, const std::string& pem) {
    auto key = PrivateKey::fromPem(pem);
    if (!key) {
        throw Error(STOA_INVALID, path + ": " + key.error());
    }
    return *key;
}

/// The key at `path`, made when it is missing. Of several processes that start at once all get the same one.
PrivateKey privateKeyAt(const std::string& path, bool create) {
    if (create && !readPrivateFile(path)) {
        createPrivateFile(path, PrivateKey::generate().pem());
    }
    const auto pem = readPrivateFile(path);
    if (!pem) {
        throw Error(STOA_UNAVAILABLE, path + ": no such key");
    }
    return parsePrivate(path, *pem);
}

bool readable(const std::string& path) {
    try {
        return !path.empty() && readPrivateFile(path).has_value();
    } catch (const Error& error) {
        if (error.status() == STOA_FORBIDDEN) {  // it is there, but open to others: say so instead of passing over it
            throw;
        }
        return false;
    }
}

PublicKey fleetKeyOf(const IdentityOptions& options, bool self_certified) {
    if (self_certified) {
        return privateKeyAt(options.fleet_key, false).publicKey();
    }
    const std::string advice =
        "give the fleet's private key (fleet key), or its public key and a certificate made by `host certify`";
    if (options.fleet_public.empty() || options.certificate.empty()) {
        throw Error(STOA_INVALID, "this host belongs to no fleet: " + advice);
    }
    const auto pem = readFile(options.fleet_public);
    if (!pem) {
        throw Error(STOA_UNAVAILABLE, options.fleet_public + ": no such file; " + advice);
    }
    auto key = PublicKey::fromPem(*pem);
    if (!key) {
        throw Error(STOA_INVALID, options.fleet_public + ": " + key.error());
    }
    return *key;
}

std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(" \r\n\t") + 1);
    return text;
}

std::string signCertificate(const PrivateKey& fleet, const std::string& host_id, const PublicKey& host,
                            const std::vector<std::string>& services, std::chrono::seconds lifetime, Time now) {
    Json::Value claims;
    claims["iss"] = std::string(kFleet);
    claims["host_id"] = host_id;
    claims["jwk"] = host.jwk();
    claims["services"] = Json::Value(Json::arrayValue);
    for (const std::string& service : services) {
        claims["services"].append(service);
    }
    claims["iat"] = Json::Int64(toSeconds(now));
    claims["exp"] = Json::Int64(toSeconds(now) + lifetime.count());
    return signJws(kCertificateToken, fleet.publicKey().thumbprint(), claims, fleet);
}

}  // namespace

bool makeFleetKey(const std::string& path) {
    if (readFile(path)) {
        return false;
    }
    const PrivateKey key = PrivateKey::generate();
    const bool made = createPrivateFile(path, key.pem());
    if (made) {
        writeAtomically(path + ".pub", key.publicKey().pem(), 0644);
    }
    return made;
}

std::string certify(const std::string& fleet_key, const std::string& host_id, const PublicKey& host,
                    const std::vector<std::string>& services, std::chrono::seconds lifetime, Time now) {
    if (host_id.empty() || lifetime.count() <= 0 || services.size() > kServices) {
        throw Error(STOA_INVALID, "a certificate needs a host id, a lifetime and at most 256 services");
    }
    return signCertificate(privateKeyAt(fleet_key, false), host_id, host, services, lifetime, now);
}

tl::expected<Certificate, std::string> openCertificate(std::string_view text, const PublicKey& fleet, Time now) {
    auto jws = parseJws(text, kCertificateToken);
    if (!jws) {
        return because("certificate: " + jws.error());
    }
    if (!jws->verify(fleet)) {
        return because("certificate: not signed by this fleet's key");
    }
    const Verdict verdict = checkClaims(jws->claims, {.issuer = kFleet, .audience = {}}, now);
    if (!verdict) {
        return because("certificate: " + verdict.reason);
    }
    const Json::Value& claims = jws->claims;
    auto key = PublicKey::fromJwk(claims["jwk"]);
    const Json::Value& services = claims["services"];
    if (!key || !claims["host_id"].isString() || claims["host_id"].asString().empty() || !services.isArray() ||
        services.size() > kServices || !std::ranges::all_of(services, &Json::Value::isString)) {
        return because("certificate: jwk, host_id or services are missing or wrong");
    }
    Certificate certificate{
        claims["host_id"].asString(), *key, key->thumbprint(), {}, Time{std::chrono::seconds{verdict.expires}}};
    for (const Json::Value& service : services) {
        certificate.services.insert(service.asString());
    }
    return certificate;
}

HostIdentity::HostIdentity(IdentityOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      key_(privateKeyAt(options_.state_dir + "/host.pem", true)),
      kid_(key_.publicKey().thumbprint()),
      self_certified_((options_.create_fleet_key && !options_.fleet_key.empty() && makeFleetKey(options_.fleet_key)) ||
                      readable(options_.fleet_key)),
      fleet_(fleetKeyOf(options_, self_certified_)) {
    writeAtomically(options_.state_dir + "/host.pub", key_.publicKey().pem(), 0644);
    setServices(options_.services);
}

std::string HostIdentity::certificate() {
    const std::lock_guard lock(mutex_);
    return held(clock_.now()).text;
}

bool HostIdentity::covers(std::string_view service) {
    const std::lock_guard lock(mutex_);
    return held(clock_.now()).certificate.services.contains(service);
}

void HostIdentity::setServices(std::vector<std::string> services) {
    const std::lock_guard lock(mutex_);
    const std::vector<std::string> former = std::exchange(options_.services, std::move(services));
    try {
        held_ = obtain(clock_.now());
    } catch (...) {
        options_.services = former;
        throw;
    }
}

HostIdentity::Held HostIdentity::obtain(Time now) const {
    const std::string services =
        options_.services.empty() ? "NAME,…" : fmt::format("{}", fmt::join(options_.services, ","));
    const std::string advice =
        fmt::format("; make one with `host certify --host-key={}/host.pub --host-id={} --services={} --fleet-key=FILE`",
                    options_.state_dir, options_.host_id, services);
    std::string text;
    if (self_certified_) {
        text = signCertificate(privateKeyAt(options_.fleet_key, false), options_.host_id, key_.publicKey(),
                               options_.services, options_.lifetime, now);
    } else if (auto file = readFile(options_.certificate)) {
        text = trimmed(std::move(*file));
    } else {
        throw Error(STOA_UNAVAILABLE, options_.certificate + ": no such certificate" + advice);
    }
    auto certificate = openCertificate(text, fleet_, now);
    if (!certificate) {
        throw Error(STOA_UNAVAILABLE, options_.certificate + ": " + certificate.error() + advice);
    }
    if (certificate->host_id != options_.host_id || certificate->kid != kid_) {
        throw Error(STOA_FORBIDDEN, options_.certificate + ": certificate of another host" + advice);
    }
    for (const std::string& service : options_.services) {
        if (!certificate->services.contains(service)) {
            throw Error(STOA_FORBIDDEN,
                        fmt::format("{}: does not name the service {}{}", options_.certificate, service, advice));
        }
    }
    return {std::move(text), std::move(*certificate)};
}

/// Renews in time; while the old one is still good a failure to do so is not yet one.
const HostIdentity::Held& HostIdentity::held(Time now) {
    const Time expires = held_->certificate.expires;
    const auto margin = self_certified_ ? options_.lifetime / 2 : std::chrono::seconds(std::chrono::hours(1));
    if (now + margin >= expires && now >= next_try_) {
        next_try_ = now + kReadAgain;
        try {
            held_ = obtain(now);
        } catch (const Error&) {
            if (now >= expires) {
                throw;
            }
        }
    }
    if (now >= held_->certificate.expires) {
        throw Error(STOA_UNAVAILABLE, "this host's certificate has expired; make a new one with `host certify`");
    }
    return *held_;
}

}  // namespace stoa::host::security
