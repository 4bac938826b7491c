/// stoa.external/1.
#pragma once

#include <functional>
#include <string>

#include "host/observe/metrics.h"
#include "host/outbound/http_client.h"
#include "host/plugin/capability.h"

namespace stoa::host::outbound {

/// Endpoints stand in `plugins.<name>.external.<endpoint>`:
/// {"url": "https://host:port/base", "bearer": secret reference or absent, "timeout_ms": 10000}.
/// Only that host is asked; link-local addresses are refused unless the URL names one; redirects are answers.
class ExternalCapability : public plugin::Capability {
public:
    /// `secret` turns a reference ("file:…", "env:…") into the secret; it throws stoa::Error when it can't.
    using Secret = std::function<std::string(const std::string& reference)>;
    ExternalCapability(HttpClient& client, Secret secret, observe::Metrics& metrics)
        : client_(client), secret_(std::move(secret)), metrics_(metrics) {}
    std::string_view id() const override { return "stoa.external/1"; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override;

private:
    HttpClient& client_;
    Secret secret_;
    observe::Metrics& metrics_;
};

}  // namespace stoa::host::outbound
