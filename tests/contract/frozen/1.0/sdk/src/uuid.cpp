#include <stoa/uuid.h>

#include <algorithm>

#include <stoa/sha256.h>

namespace stoa {

namespace {

std::string format(const UuidBytes& bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += kDigits[bytes[i] >> 4u];
        text += kDigits[bytes[i] & 0x0Fu];
    }
    return text;
}

void mark(UuidBytes& bytes, unsigned version) {
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0Fu) | (version << 4u));
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3Fu) | 0x80u);
}

int nibble(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::string uuidV7(std::int64_t unix_milliseconds, const std::array<std::uint8_t, 10>& random) {
    UuidBytes bytes{};
    const auto time = static_cast<std::uint64_t>(unix_milliseconds);
    for (std::size_t i = 0; i < 6; ++i) {
        bytes[i] = static_cast<std::uint8_t>(time >> (40 - 8 * i));
    }
    std::copy(random.begin(), random.end(), bytes.begin() + 6);
    mark(bytes, 7);
    return format(bytes);
}

std::string uuidFromName(std::string_view scope, std::string_view name) {
    std::string input{scope};
    input += '\0';
    input += name;
    const Digest digest = sha256(input);
    UuidBytes bytes{};
    std::copy_n(digest.begin(), bytes.size(), bytes.begin());
    mark(bytes, 8);
    return format(bytes);
}

std::optional<UuidBytes> parseUuid(std::string_view text) {
    if (text.size() != 36) {
        return std::nullopt;
    }
    UuidBytes bytes{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (text[at++] != '-') {
                return std::nullopt;
            }
        }
        const int high = nibble(text[at]);
        const int low = nibble(text[at + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    return bytes;
}

}  // namespace stoa
