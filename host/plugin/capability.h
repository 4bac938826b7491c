/// How the host gives a plugin something: one Capability per folder, bound once for each generation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <json/value.h>

#include <stoa/validate/manifest.h>

#include "host/memory/account.h"

namespace stoa::host::plugin {

/// What a capability may know of the generation that it is bound to. Outlives the binding.
struct Environment {
    std::string service;
    std::string version;
    std::string sha256;  ///< of the file in the store
    std::uint64_t generation = 0;
    std::shared_ptr<const validate::Manifest> manifest;
    Json::Value config;    ///< the whole section `plugins.<name>`, defaults filled in
    Json::Value settings;  ///< `plugins.<name>.settings`, valid for the manifest's schema, defaults filled in
    /// What the generation's memory is charged to. Generation opens it when nobody has.
    std::shared_ptr<memory::Account> account;
};

/// One generation's hold on one capability. Everything keyed by the generation goes with it. `table()` is the C struct
/// of the capability's header, with `self` pointing back here; it lives as long as the binding.
class Binding {
public:
    virtual ~Binding() = default;
    virtual const void* table() const = 0;
};

/// Made once per host, in app/, with whatever it needs; adding one touches its folder and one line there.
class Capability {
public:
    virtual ~Capability() = default;
    /// "stoa.sql/1"
    virtual std::string_view id() const = 0;
    /// [control] Throws stoa::Error when the environment's configuration does not allow it.
    virtual std::unique_ptr<Binding> bind(const Environment& environment) = 0;
};

}  // namespace stoa::host::plugin
