#include "host/control/stoactl/signing.h"

#include <fmt/format.h>

#include <stoa/error.h>
#include <stoa/validate/manifest.h>

#include "host/base/atomic_file.h"
#include "host/security/files.h"
#include "host/security/plugin_signature.h"

namespace stoa::stoactl {
namespace fs = std::filesystem;
namespace {

using namespace host::security;

[[noreturn]] void refuseToOverwrite(const fs::path& file) {
    throw Error(STOA_CONFLICT,
                fmt::format("{} is there already, and no key is overwritten: choose another PATH", file.native()));
}

}  // namespace

std::string makeSigningKey(const fs::path& path) {
    const fs::path half = path.native() + ".pub";
    if (fs::exists(half)) {
        refuseToOverwrite(half);
    }
    const Ed25519PrivateKey key = Ed25519PrivateKey::generate();
    if (!createPrivateFile(path, key.pem())) {
        refuseToOverwrite(path);
    }
    try {
        host::writeAtomically(half, key.publicKey().pem(), 0644);
    } catch (const Error&) {
        std::error_code ignored;
        fs::remove(path, ignored);  // a key whose other half nobody has is of no use
        throw;
    }
    return key.publicKey().id();
}

Signed signFile(const fs::path& key, const fs::path& plugin) {
    const auto pem = readPrivateFile(key);
    if (!pem) {
        throw Error(STOA_NOT_FOUND, fmt::format("there is no key {}: make one with `stoactl keygen`", key.native()));
    }
    const auto private_key = Ed25519PrivateKey::fromPem(*pem);
    if (!private_key) {
        throw Error(STOA_INVALID, fmt::format("{}: {}", key.native(), private_key.error()));
    }
    const auto manifest = validate::readManifest(plugin.native());
    if (!manifest) {
        throw Error(STOA_INVALID, manifest.error());
    }
    Signed done{signatureFileOf(plugin), private_key->publicKey().id(), manifest->name, manifest->version};
    host::writeAtomically(done.signature, signPlugin(*private_key, {hashOf(plugin), manifest->sha256}), 0644);
    return done;
}

}  // namespace stoa::stoactl
