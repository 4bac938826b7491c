#include <stoa/json.h>

#include <memory>
#include <utility>

#include <json/reader.h>
#include <json/writer.h>

#include "json_scan.h"

namespace stoa {

namespace {

Json::CharReaderBuilder strictBuilder() {
    Json::CharReaderBuilder builder;
    builder["collectComments"] = false;
    builder["allowComments"] = false;
    builder["allowTrailingCommas"] = false;
    builder["allowDroppedNullPlaceholders"] = false;
    builder["allowNumericKeys"] = false;
    builder["allowSingleQuotes"] = false;
    builder["allowSpecialFloats"] = false;
    builder["strictRoot"] = false;
    builder["failIfExtra"] = true;
    builder["rejectDupKeys"] = true;
    builder["skipBom"] = false;
    builder["stackLimit"] = detail::kMaxJsonDepth + 1;  // the scan has counted before; this is the second lock
    return builder;
}

Json::StreamWriterBuilder compactBuilder() {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["commentStyle"] = "None";
    builder["emitUTF8"] = true;
    builder["precision"] = 17;
    return builder;
}

/// Dearer to make than most texts are to read or write.
struct Builders {
    const Json::CharReaderBuilder strict = strictBuilder();
    const Json::StreamWriterBuilder compact = compactBuilder();
};

// Made when the library is loaded, and not at first use: that may be for a plugin, whose account would then pay for the
// host's. By the library's own arrays of functions, before and after its statics: the destructor of a static would be
// entered into a table of the process, where glibc hardly uses a place again while other libraries come and go, so each
// generation of a plugin would leave 32 bytes there.
constexpr int kBeforeStatics = 1000;
const Builders* builders = nullptr;

[[gnu::constructor(kBeforeStatics)]] void makeBuilders() { builders = new Builders; }
[[gnu::destructor(kBeforeStatics)]] void endBuilders() { delete std::exchange(builders, nullptr); }

/// JsonCpp reports over several lines, starting with "* Line 1, Column 5".
std::string oneLine(std::string_view errors) {
    std::string line;
    for (const char c : errors) {
        if (c != '\n' && c != '*') {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    const auto first = line.find_first_not_of(' ');
    const auto last = line.find_last_not_of(' ');
    return first == std::string::npos ? "not JSON" : line.substr(first, last - first + 1);
}

}  // namespace

tl::expected<Json::Value, std::string> parseJson(std::string_view text) {
    if (std::string why = detail::scanJson(text); !why.empty()) {
        return tl::unexpected(std::move(why));
    }
    try {
        Json::Value value;
        std::string errors;
        const std::unique_ptr<Json::CharReader> reader(builders->strict.newCharReader());
        if (!reader->parse(text.data(), text.data() + text.size(), &value, &errors)) {
            return tl::unexpected(oneLine(errors));
        }
        return value;
    } catch (const Json::Exception& e) {
        return tl::unexpected(oneLine(e.what()));
    }
}

std::string writeJson(const Json::Value& value) { return Json::writeString(builders->compact, value); }

bool isText(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = detail::utf8Length(bytes);
        if (length == 0 || bytes.front() == '\0') {
            return false;
        }
        bytes.remove_prefix(length);
    }
    return true;
}

std::string textOr(const Json::Value& object, const char* key, std::string_view fallback) {
    const Json::Value* member =
        object.isObject() ? object.find(key, key + std::char_traits<char>::length(key)) : nullptr;
    return member != nullptr && member->isString() ? member->asString() : std::string(fallback);
}

}  // namespace stoa
