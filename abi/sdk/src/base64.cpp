#include <stoa/base64.h>

namespace stoa {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string base64Url(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : bytes) {
        bits = (bits << 8u) | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6) {
            text += kAlphabet[(bits >> (count - 6)) & 0x3Fu];
        }
    }
    if (count > 0) {
        text += kAlphabet[(bits << (6 - count)) & 0x3Fu];
    }
    return text;
}

std::optional<std::string> fromBase64Url(std::string_view text) {
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const std::size_t value = kAlphabet.find(c);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << 6u) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>((bits >> count) & 0xFFu);
        }
    }
    const bool left_over = (bits & ((1u << count) - 1u)) != 0;
    return left_over ? std::nullopt : std::optional{std::move(bytes)};
}

std::string hex(std::span<const std::uint8_t> bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(bytes.size() * 2, '0');
    char* digit = text.data();
    for (const std::uint8_t byte : bytes) {
        *digit++ = kDigits[byte >> 4u];
        *digit++ = kDigits[byte & 0x0Fu];
    }
    return text;
}

}  // namespace stoa
