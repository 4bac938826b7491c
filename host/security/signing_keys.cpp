#include "host/security/signing_keys.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <stoa/error.h>

#include "host/observe/log.h"
#include "host/security/files.h"
#include "host/security/jwt.h"

namespace stoa::host::security {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLookAgain = 1;  // seconds for which sign() trusts what it read

/// Held by whoever changes the folder; other hosts of the machine wait.
class FolderLock {
public:
    explicit FolderLock(const std::string& folder) {
        const std::string path = folder + "/.lock";
        file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file_ < 0 || ::flock(file_, LOCK_EX) != 0) {
            const int fd = std::exchange(file_, -1);
            if (fd >= 0) {
                ::close(fd);
            }
            throw Error(STOA_UNAVAILABLE, path + ": can't be locked; check that the host may write there");
        }
    }
    ~FolderLock() { ::close(file_); }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int file_ = -1;
};

/// "<seconds>-<beginning of the thumbprint>".
std::int64_t createdAt(const std::string& kid) {
    std::int64_t seconds = -1;
    const auto [end, error] = std::from_chars(kid.data(), kid.data() + kid.size(), seconds);
    return error == std::errc{} && *end == '-' ? seconds : -1;
}

void makeFolder(const std::string& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw Error(STOA_UNAVAILABLE, folder + ": can't be made: " + error.message());
    }
    fs::permissions(folder, fs::perms::owner_all, error);
}

}  // namespace

SigningKeys::SigningKeys(SigningKeyOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

std::string SigningKeys::sign(const std::string& service, const Json::Value& claims) {
    const std::int64_t now = toSeconds(clock_.now());
    const auto keys = load(service, false);
    const Key& key = current(*keys, now);
    std::string token = signJws(kAccessToken, key.kid, claims, key.key);
    if (token.size() > kTokenLimit) {
        throw Error(STOA_INVALID, "the claims are too long: a token has at most 8 KiB");
    }
    return token;
}

Json::Value SigningKeys::keySet(const std::string& service) {
    Json::Value set;
    set["keys"] = Json::Value(Json::arrayValue);
    const auto keys = load(service, true);
    for (const Key& key : *keys) {
        Json::Value jwk = key.key.publicKey().jwk();
        jwk["kid"] = key.kid;
        jwk["use"] = "sig";
        jwk["alg"] = "ES256";
        set["keys"].append(jwk);
    }
    return set;
}

std::string SigningKeys::rotate(const std::string& service) {
    const std::int64_t now = toSeconds(clock_.now());
    makeFolder(folder(service));
    const FolderLock lock(folder(service));
    std::string kid = rotateLocked(service, now);
    const std::lock_guard guard(mutex_);
    loaded_.erase(service);
    return kid;
}

std::string SigningKeys::folder(const std::string& service) const {
    if (!isKid(service)) {
        throw Error(STOA_INVALID, "a service's name has letters, digits, - and _ only");
    }
    return options_.dir + "/" + service;
}

SigningKeys::Keys SigningKeys::scan(const std::string& service) const {
    Keys keys;
    for (const auto& entry : fs::directory_iterator(folder(service))) {
        const std::string kid = entry.path().stem().string();
        if (entry.path().extension() != ".pem" || !isKid(kid) || createdAt(kid) < 0) {
            continue;
        }
        const auto pem = readPrivateFile(entry.path().string());
        if (!pem) {
            continue;  // another host has just dropped it
        }
        auto key = PrivateKey::fromPem(*pem);
        if (!key) {
            throw Error(STOA_UNAVAILABLE, entry.path().string() + ": " + key.error());
        }
        keys.push_back({createdAt(kid), kid, std::move(*key)});
    }
    std::ranges::sort(
        keys, [](const Key& a, const Key& b) { return std::tie(a.created, a.kid) < std::tie(b.created, b.kid); });
    return keys;
}

/// The keys as they are now, or, unless `fresh`, were a second ago. Makes the first one, and the next when it is time.
std::shared_ptr<const SigningKeys::Keys> SigningKeys::load(const std::string& service, bool fresh) {
    const std::int64_t now = toSeconds(clock_.now());
    const std::lock_guard guard(mutex_);
    Loaded& loaded = loaded_[service];
    if (loaded.keys && !fresh && now >= loaded.at && now - loaded.at < kLookAgain) {
        return loaded.keys;
    }
    makeFolder(folder(service));
    Keys keys = scan(service);
    const auto due = [&] {
        return keys.empty() ||
               (options_.rotate_after.count() > 0 && keys.back().created + options_.rotate_after.count() <= now);
    };
    if (due()) {
        const FolderLock lock(folder(service));
        keys = scan(service);  // another host may have been first
        if (due()) {
            rotateLocked(service, now);
            keys = scan(service);
        }
    }
    loaded.keys = std::make_shared<const Keys>(std::move(keys));
    loaded.at = now;
    return loaded.keys;
}

std::string SigningKeys::makeKey(const std::string& service, std::int64_t now) const {
    const PrivateKey key = PrivateKey::generate();
    std::string kid = std::to_string(now) + "-" + key.publicKey().thumbprint().substr(0, 8);
    if (!createPrivateFile(folder(service) + "/" + kid + ".pem", key.pem())) {
        throw Error(STOA_INTERNAL, "the signing key " + kid + " exists already");
    }
    observe::info("a new signing key was made", {{"service", service}, {"kid", kid}});
    return kid;
}

std::string SigningKeys::rotateLocked(const std::string& service, std::int64_t now) {
    const Keys keys = scan(service);
    // A key is out of use once its successor signs; no token of it lives `keep_old` later.
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
        if (keys[i + 1].created + (options_.publish_first + options_.keep_old).count() <= now) {
            std::error_code ignored;  // it is dropped at the next rotation
            fs::remove(folder(service) + "/" + keys[i].kid + ".pem", ignored);
        }
    }
    // The kid holds the order, so two keys of one second must not be.
    return makeKey(service, keys.empty() ? now : std::max(now, keys.back().created + 1));
}

/// The newest one that everybody has had time to fetch; every host chooses the same.
const SigningKeys::Key& SigningKeys::current(const Keys& keys, std::int64_t now) const {
    const Key* chosen = &keys.front();
    for (const Key& key : keys) {
        if (key.created + options_.publish_first.count() <= now) {
            chosen = &key;
        }
    }
    return *chosen;
}

}  // namespace stoa::host::security
