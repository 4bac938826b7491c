#include "host/security/sealer.h"

#include <stdexcept>

#include "host/security/jwt.h"
#include "registry/encoding.h"

namespace stoa::host::security {
namespace {

constexpr std::size_t kLimit = 256 * 1024;
constexpr std::int64_t kLife = 60;  // seconds; heartbeats seal anew every two

class RegistrationSealer : public registry::Sealer {
public:
    explicit RegistrationSealer(HostIdentity& identity) : identity_(identity) {}

    std::string seal(const registry::Registration& registration) override {
        const std::int64_t now = toSeconds(identity_.clock().now());
        Json::Value claims;
        claims["registration"] = registry::toJson(registration);
        claims["iat"] = Json::Int64(now);
        claims["exp"] = Json::Int64(now + kLife);
        return signJws(kRegistrationToken, identity_.kid(), claims, identity_.key(), identity_.certificate());
    }

    registry::Registration open(const std::string& sealed) override {
        const Time now = identity_.clock().now();
        const auto jws = parseJws(sealed, kRegistrationToken, kLimit);
        if (!jws) {
            throw std::runtime_error("registration: " + jws.error());
        }
        const auto certificate = openCertificate(jws->certificate, identity_.fleet(), now);
        if (!certificate) {
            throw std::runtime_error("registration: " + certificate.error());
        }
        if (jws->kid != certificate->kid || !jws->verify(certificate->key)) {
            throw std::runtime_error("registration: not signed by the certified key");
        }
        const Verdict verdict = checkClaims(jws->claims, {}, now);
        if (!verdict) {
            throw std::runtime_error("registration: " + verdict.reason + " (sealed more than a minute from now? " +
                                     "then the clocks of the hosts differ)");
        }
        if (!jws->claims.isMember("iat") || verdict.expires - jws->claims["iat"].asInt64() > kLife) {
            throw std::runtime_error("registration: a seal must live 60 seconds at most");
        }
        registry::Registration registration = registry::registrationFromJson(jws->claims["registration"]);
        if (registration.host_id != certificate->host_id) {
            throw std::runtime_error("registration: the certificate is another host's");
        }
        for (const registry::Service& service : registration.services) {
            if (!certificate->services.contains(service.name)) {
                throw std::runtime_error("registration: the certificate does not name the service " + service.name);
            }
        }
        registration.certificate = jws->certificate;
        return registration;
    }

private:
    HostIdentity& identity_;
};

}  // namespace

std::unique_ptr<registry::Sealer> makeSealer(HostIdentity& identity) {
    return std::make_unique<RegistrationSealer>(identity);
}

}  // namespace stoa::host::security
