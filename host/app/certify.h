/// `host certify`: the fleet's word for a host that does not hold the fleet's key.
#pragma once

#include <string>

#include <stoa/time.h>

namespace stoa::host::app {

struct CertificateOrder {
    std::string fleet_key;  ///< file of the fleet's private key
    std::string host_key;   ///< file of the host's public key: host.pub in its state directory
    std::string host_id;    ///< host_id in its state directory
    std::string services;   ///< that it may speak for, separated by commas
    std::string days = "365";
};

/// The certificate, a line of text for the host's `security.certificate`. Throws stoa::Error: STOA_INVALID when a part
/// of the order is missing or wrong, and what security::certify throws.
std::string makeCertificate(const CertificateOrder& order, Time now);

}  // namespace stoa::host::app
