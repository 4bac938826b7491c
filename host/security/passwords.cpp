#include "host/security/passwords.h"

#include <array>
#include <charconv>

#include <argon2.h>

#include <stoa/error.h>

#include "host/base/ids.h"

namespace stoa::host::security {
namespace {

constexpr std::size_t kMaxPassword = 4096;
constexpr std::size_t kMaxPhc = 512;
constexpr std::size_t kSalt = 16;
constexpr std::size_t kTag = 32;
constexpr std::uint32_t kMaxMemoryKib = 256 * 1024;
constexpr std::uint32_t kMaxIterations = 64;
constexpr std::uint32_t kMaxParallelism = 16;

/// A number that follows `name`; what was read is taken off `text`. 0 when it is not there.
std::uint32_t number(std::string_view& text, std::string_view name) {
    std::uint32_t value = 0;
    if (!text.starts_with(name)) {
        return 0;
    }
    text.remove_prefix(name.size());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc{} ? value : 0;
}

/// A hash from elsewhere must not make this host spend more than a sane one would.
void checkCost(std::string_view phc) {
    std::string_view rest = phc;
    const std::uint32_t version = number(rest, "$argon2id$v=");
    const std::uint32_t memory = number(rest, "$m=");
    const std::uint32_t iterations = number(rest, ",t=");
    const std::uint32_t parallelism = number(rest, ",p=");
    const bool sane = phc.size() <= kMaxPhc && version == ARGON2_VERSION_13 && memory > 0 && memory <= kMaxMemoryKib &&
                      iterations > 0 && iterations <= kMaxIterations && parallelism > 0 &&
                      parallelism <= kMaxParallelism && rest.starts_with('$');
    if (!sane) {
        throw Error(STOA_INVALID, "the stored hash is not an argon2id hash in PHC format of at most 256 MiB");
    }
}

void checkPassword(std::string_view password) {
    if (password.size() > kMaxPassword) {
        throw Error(STOA_INVALID, "a password has at most 4096 bytes");
    }
}

}  // namespace

/// One of the places, while it lives.
class Passwords::Place {
public:
    explicit Place(Passwords& owner) : owner_(owner) {
        const Work* work = currentWork();
        const Deadline until =
            work && work->deadline ? *work->deadline : std::chrono::steady_clock::now() + owner.options_.wait;
        std::unique_lock lock(owner.mutex_);
        if (!owner.free_.wait_until(lock, until, [&] { return owner.running_ < owner.options_.concurrency; })) {
            throw Error(STOA_EXHAUSTED, "too many passwords are being hashed; try again later");
        }
        ++owner.running_;
    }
    ~Place() {
        {
            const std::lock_guard lock(owner_.mutex_);
            --owner_.running_;
        }
        owner_.free_.notify_one();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

private:
    Passwords& owner_;
};

Passwords::Passwords(PasswordOptions options) : options_(options) {
    const bool sane = options_.memory_kib >= 8 * options_.parallelism && options_.memory_kib <= kMaxMemoryKib &&
                      options_.iterations >= 1 && options_.iterations <= kMaxIterations && options_.parallelism >= 1 &&
                      options_.parallelism <= kMaxParallelism && options_.concurrency >= 1;
    if (!sane) {
        throw Error(STOA_INVALID,
                    "password hashing: memory must be 8 KiB per lane to 256 MiB, iterations 1 to 64, "
                    "parallelism 1 to 16, concurrency at least 1");
    }
}

std::string Passwords::hash(std::string_view password) {
    checkPassword(password);
    std::array<std::uint8_t, kSalt> salt;
    fillRandom(salt);
    const std::size_t size =
        argon2_encodedlen(options_.iterations, options_.memory_kib, options_.parallelism, kSalt, kTag, Argon2_id);
    std::string phc(size, '\0');
    const Place place(*this);
    const int code =
        argon2id_hash_encoded(options_.iterations, options_.memory_kib, options_.parallelism, password.data(),
                              password.size(), salt.data(), salt.size(), kTag, phc.data(), phc.size());
    if (code != ARGON2_OK) {
        throw Error(code == ARGON2_MEMORY_ALLOCATION_ERROR ? STOA_EXHAUSTED : STOA_INTERNAL,
                    std::string("argon2id: ") + argon2_error_message(code));
    }
    phc.resize(phc.find('\0'));
    return phc;
}

bool Passwords::verify(std::string_view password, std::string_view phc) {
    if (phc.empty()) {
        (void)hash(password);
        return false;
    }
    checkPassword(password);
    checkCost(phc);
    const std::string terminated(phc);
    const Place place(*this);
    const int code = argon2id_verify(terminated.c_str(), password.data(), password.size());
    if (code == ARGON2_OK || code == ARGON2_VERIFY_MISMATCH) {
        return code == ARGON2_OK;
    }
    throw Error(code == ARGON2_MEMORY_ALLOCATION_ERROR ? STOA_EXHAUSTED : STOA_INVALID,
                std::string("argon2id: ") + argon2_error_message(code));
}

}  // namespace stoa::host::security
