/// A source file of a manifest, as JSON.
#pragma once

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include <json/value.h>

namespace stoa::validate {

/// What is wrong with a source file: "FILE:LINE: PLACE: why and what to do".
struct SourceError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One file: what it holds, and on which line each part stands (YAML only).
class Document {
public:
    /// Reads `.json` strictly and everything else as YAML 1.2 (core schema). Throws SourceError.
    static Document load(const std::filesystem::path& file);

    Json::Value value;

    /// Throws SourceError for the part that the JSON pointer leads to.
    [[noreturn]] void fail(const std::string& pointer, const std::string& why) const;
    /// The same for a message that begins with the pointer: "/paths/…: why".
    [[noreturn]] void fail(const std::string& pointer_and_why) const;
    const std::filesystem::path& file() const { return file_; }

private:
    std::filesystem::path file_;
    std::map<std::string, int> lines_;
};

/// The whole file. Throws SourceError.
std::string readText(const std::filesystem::path& file);

}  // namespace stoa::validate
