/// "stoa.crypto/1": cryptography with keys that the host holds.
#pragma once

#include "host/plugin/capability.h"
#include "host/security/passwords.h"
#include "host/security/signing_keys.h"

namespace stoa::host::security {

class CryptoCapability : public plugin::Capability {
public:
    /// Both outlive it.
    CryptoCapability(Passwords& passwords, SigningKeys& keys) : passwords_(passwords), keys_(keys) {}
    std::string_view id() const override;
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override;

private:
    Passwords& passwords_;
    SigningKeys& keys_;
};

}  // namespace stoa::host::security
