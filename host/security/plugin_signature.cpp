#include "host/security/plugin_signature.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <stoa/base64.h>
#include <stoa/error.h>
#include <stoa/json.h>

#include "host/security/files.h"

namespace stoa::host::security {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr std::size_t kLargest = 4096;
constexpr std::size_t kHashDigits = 64;
constexpr std::string_view kAgain = "sign the plugin again with `stoactl sign`, if you know where it comes from";

struct Signature {
    std::string key;
    PluginHashes hashes;
    std::string signature;  ///< 64 bytes
};

tl::unexpected<std::string> because(std::string reason) { return tl::unexpected<std::string>(std::move(reason)); }

/// What is signed. The first line keeps it apart from everything else that such a key may ever sign; each part has a
/// fixed length, so no two pairs of hashes give the same text.
std::string messageOf(const PluginHashes& hashes) {
    return fmt::format("stoa plugin signature {}\nmanifest {}\nfile {}\n", kFormat, hashes.manifest, hashes.file);
}

bool isHash(const std::string& text) {
    return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

tl::expected<Signature, std::string> parse(std::string_view text) {
    const auto json = parseJson(text);
    if (!json || !json->isObject()) {
        return because(fmt::format("is damaged (it is no JSON object): {}", kAgain));
    }
    const Json::Value& format = (*json)["format"];
    if (format.isInt() && format.asInt() > kFormat) {
        return because(
            fmt::format("has format {}, and this host knows only {}: sign the plugin with the stoactl of this "
                        "host's version",
                        format.asInt(), kFormat));
    }
    Signature signature{textOr(*json, "key"), {textOr(*json, "file"), textOr(*json, "manifest")}, ""};
    const auto bytes = fromBase64Url(textOr(*json, "signature"));
    if (format != kFormat || json->size() != 5 || !isHash(signature.hashes.file) ||
        !isHash(signature.hashes.manifest) || !bytes || bytes->size() != 64) {
        return because(fmt::format("is damaged (a member is missing, cut short or not known): {}", kAgain));
    }
    signature.signature = *bytes;
    return signature;
}

/// Whether it speaks of this file at all; says nothing about whose word it is.
tl::expected<void, std::string> compare(const Signature& signature, const PluginHashes& hashes) {
    const auto differs = [](const char* what, const std::string& signed_hash, const std::string& hash) {
        return because(
            fmt::format("speaks of {} with SHA-256 {}…, but this one has {}…: the plugin was changed after it "
                        "was signed, or this is the signature of another one; {}",
                        what, signed_hash.substr(0, 12), hash.substr(0, 12), kAgain));
    };
    if (signature.hashes.file != hashes.file) {
        return differs("a file", signature.hashes.file, hashes.file);
    }
    if (signature.hashes.manifest != hashes.manifest) {
        return differs("a manifest", signature.hashes.manifest, hashes.manifest);
    }
    return {};
}

/// A signature that nobody checks is kept when it speaks of this file, for the day on which keys are configured.
std::string unchecked(const fs::path& file, const PluginHashes& hashes) try {
    const auto text = readFile(file, kLargest);
    const auto parsed = parse(text.value_or(""));
    return parsed && compare(*parsed, hashes) ? *text : "";
} catch (const Error&) {
    return "";
}

void addKey(PluginKeys& keys, const fs::path& file) {
    const auto pem = readFile(file);
    if (!pem) {
        throw Error(STOA_INVALID, fmt::format("security.plugin_keys: there is no file {}", file.native()));
    }
    auto key = Ed25519PublicKey::fromPem(*pem);
    if (!key) {
        throw Error(STOA_INVALID, fmt::format("security.plugin_keys: {}: {}", file.native(), key.error()));
    }
    const std::string id = key->id();
    keys.insert_or_assign(id, std::move(*key));
}

void addFolder(PluginKeys& keys, const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".pem" || entry.path().extension() == ".pub") {
            files.push_back(entry.path());
        }
    }
    if (files.empty()) {
        throw Error(STOA_INVALID,
                    fmt::format("security.plugin_keys: {} holds no *.pem and no *.pub: put the public keys "
                                "there of those who may sign plugins",
                                folder.native()));
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        addKey(keys, file);
    }
}

}  // namespace

fs::path signatureFileOf(const fs::path& plugin) { return plugin.native() + ".sig"; }

std::string signPlugin(const Ed25519PrivateKey& key, const PluginHashes& hashes) {
    return fmt::format(
        "{{\n  \"format\": {},\n  \"key\": \"{}\",\n  \"manifest\": \"{}\",\n  \"file\": \"{}\",\n"
        "  \"signature\": \"{}\"\n}}\n",
        kFormat, key.publicKey().id(), hashes.manifest, hashes.file, base64Url(key.sign(messageOf(hashes))));
}

PluginKeys readPluginKeys(const std::string& paths) {
    PluginKeys keys;
    std::string_view rest = paths;
    while (true) {
        const std::size_t comma = rest.find(',');
        const fs::path path(rest.substr(0, comma));
        std::error_code ignored;
        if (fs::is_directory(path, ignored)) {
            addFolder(keys, path);
        } else {
            addKey(keys, path);
        }
        if (comma == std::string_view::npos) {
            return keys;
        }
        rest.remove_prefix(comma + 1);
    }
}

tl::expected<std::string, std::string> verifyPlugin(std::string_view signature, const PluginHashes& hashes,
                                                    const PluginKeys& keys) {
    auto parsed = parse(signature);
    if (!parsed) {
        return because(parsed.error());
    }
    const auto key = keys.find(parsed->key);
    if (key == keys.end()) {
        std::vector<std::string> known;
        for (const auto& [id, trusted] : keys) {
            known.push_back(id);
        }
        return because(
            fmt::format("is by the key {}, which this host does not trust: sign the plugin with one of {}, or "
                        "add that key's public half to security.plugin_keys",
                        parsed->key, fmt::join(known, ", ")));
    }
    if (!key->second.verify(messageOf(parsed->hashes), parsed->signature)) {
        return because(fmt::format("is not what the key {} has signed, it was altered: {}", parsed->key, kAgain));
    }
    // Only now do the hashes mean something.
    if (const auto same = compare(*parsed, hashes); !same) {
        return because(same.error());
    }
    return parsed->key;
}

PluginTrust::PluginTrust(std::string keys, bool allow_unsigned)
    : keys_(std::move(keys)), allow_unsigned_(allow_unsigned) {
    if (checks()) {
        readPluginKeys(keys_);
    }
}

Vouched PluginTrust::check(const fs::path& plugin, const PluginHashes& hashes) const {
    const fs::path file = signatureFileOf(plugin);
    if (!checks()) {
        return {unchecked(file, hashes), ""};
    }
    const auto text = readFile(file, kLargest);
    if (!text && allow_unsigned_) {
        return {};
    }
    if (!text) {
        throw Error(STOA_FORBIDDEN,
                    fmt::format("{0} has no signature (there is no {1}), and this host takes only signed "
                                "plugins: sign it with `stoactl sign --key KEY {0}`, or let unsigned ones "
                                "in with security.unsigned_plugins: allow",
                                plugin.native(), file.filename().native()));
    }
    auto signer = verifyPlugin(*text, hashes, readPluginKeys(keys_));
    if (!signer) {
        throw Error(STOA_FORBIDDEN, fmt::format("{} {}", file.native(), signer.error()));
    }
    return {*text, std::move(*signer)};
}

}  // namespace stoa::host::security
