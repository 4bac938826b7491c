#include "host/security/jwks_cache.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <stoa/json.h>

#include "host/observe/log.h"
#include "host/security/jwt.h"

namespace stoa::host::security {
namespace {

constexpr std::size_t kMaxKeys = 32;
constexpr std::size_t kMaxText = 64 * 1024;

bool absentOr(const Json::Value& jwk, const char* member, const char* value) {
    return !jwk.isMember(member) || textOr(jwk, member) == value;
}

}  // namespace

tl::expected<KeySet, std::string> parseJwks(std::string_view text) {
    if (text.size() > kMaxText) {
        return because("the key set is larger than 64 KiB");
    }
    const auto document = parseJson(text);
    if (!document || !document->isObject() || !(*document)["keys"].isArray()) {
        return because("it is not a JWK Set");
    }
    const Json::Value& all = (*document)["keys"];
    if (all.size() > kMaxKeys) {
        return because("the key set holds more than 32 keys");
    }
    KeySet keys;
    for (const Json::Value& jwk : all) {
        if (!jwk.isObject() || jwk.isMember("d") || jwk.isMember("k")) {
            return because("the key set holds what is not a public key");
        }
        const std::string kid = textOr(jwk, "kid");
        auto key = PublicKey::fromJwk(jwk);
        if (!key || !isKid(kid) || !absentOr(jwk, "use", "sig") || !absentOr(jwk, "alg", "ES256")) {
            continue;
        }
        if (!keys.emplace(kid, std::move(*key)).second) {
            return because("two keys have one kid");
        }
    }
    if (keys.empty()) {
        return because("the key set holds no ES256 key");
    }
    return keys;
}

JwksCache::JwksCache(Fetch fetch, JwksOptions options)
    : fetch_(std::move(fetch)), options_(options), thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

JwksCache::~JwksCache() {
    thread_.request_stop();
    thread_.join();
}

std::shared_ptr<const KeySet> JwksCache::keys() const {
    const std::lock_guard lock(mutex_);
    return keys_;
}

void JwksCache::wanted() {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
    wake_.notify_all();
}

std::string JwksCache::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void JwksCache::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        const bool good = fetchOnce();
        std::unique_lock lock(mutex_);
        if (!keys_) {
            wake_.wait_for(lock, stop, options_.first, [] { return false; });
            continue;
        }
        wake_.wait_for(lock, stop, options_.prompt, [] { return false; });
        const auto pause = good ? options_.interval : std::min(options_.interval, 5 * options_.prompt);
        wake_.wait_for(lock, stop, pause - std::min(pause, options_.prompt), [this] { return wanted_; });
    }
}

bool JwksCache::fetchOnce() {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = false;
    }
    std::string trouble = "the auth service does not give its keys";
    std::shared_ptr<const KeySet> fresh;
    try {
        if (const auto text = fetch_()) {
            auto parsed = parseJwks(*text);
            if (parsed) {
                fresh = std::make_shared<const KeySet>(std::move(*parsed));
                trouble.clear();
            } else {
                trouble = "the auth service's keys can't be used: " + parsed.error();
            }
        }
    } catch (const std::exception& error) {
        trouble += std::string(": ") + error.what();
    }
    bool changed = false;
    const bool good = trouble.empty();
    {
        const std::lock_guard lock(mutex_);
        changed = trouble_ != trouble && (good || keys_);  // while a host starts, silence is no news
        trouble_ = trouble;
        if (good && (!keys_ || *keys_ != *fresh)) {
            keys_ = std::move(fresh);
        }
    }
    if (changed && good) {
        observe::info("user tokens can be checked");
    } else if (changed) {
        observe::warn("user tokens are checked with the last good keys", {{"reason", trouble}});
    }
    return good;
}

}  // namespace stoa::host::security
