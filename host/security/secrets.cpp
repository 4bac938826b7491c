#include "host/security/secrets.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <stoa/error.h>

#include "host/security/files.h"

namespace stoa::host::security {
namespace {

struct Reference {
    std::string_view scheme;
    std::string name;
};

Reference split(std::string_view reference) {
    const std::size_t colon = reference.find(':');
    return colon == std::string_view::npos
               ? Reference{}
               : Reference{reference.substr(0, colon), std::string(reference.substr(colon + 1))};
}

bool isFileName(std::string_view name) {
    return name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

bool isVariable(std::string_view name) {
    return std::ranges::all_of(name, [](unsigned char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> source(const Reference& reference) {
    if (reference.scheme == "env") {
        return environment(reference.name);
    }
    if (reference.scheme == "file") {
        return readFile(reference.name);
    }
    const auto folder = environment("CREDENTIALS_DIRECTORY");
    if (!folder) {
        throw Error(STOA_UNAVAILABLE, "CREDENTIALS_DIRECTORY is not set; systemd sets it for LoadCredential=");
    }
    return readFile(*folder + "/" + reference.name);
}

}  // namespace

std::string checkSecretReference(std::string_view reference) {
    const Reference parts = split(reference);
    const bool good = !parts.name.empty() && parts.name.find('\0') == std::string::npos &&
                      (parts.scheme == "file" || (parts.scheme == "env" && isVariable(parts.name)) ||
                       (parts.scheme == "credential" && isFileName(parts.name)));
    // Not even the wrong text is repeated: people put the secret itself there.
    return good ? "" : "is not a reference: use file:<path>, env:<NAME> or credential:<name>";
}

std::string readSecret(std::string_view reference) {
    if (std::string fault = checkSecretReference(reference); !fault.empty()) {
        throw Error(STOA_INVALID, "a secret " + fault);
    }
    const std::string named = "secret " + std::string(reference) + ": ";
    std::optional<std::string> value;
    try {
        value = source(split(reference));
    } catch (const Error& error) {
        throw Error(STOA_UNAVAILABLE, named + error.what());
    }
    if (!value) {
        throw Error(STOA_UNAVAILABLE, named + "there is no such source");
    }
    if (value->ends_with('\n')) {
        value->pop_back();
    }
    if (value->ends_with('\r')) {
        value->pop_back();
    }
    if (value->empty()) {
        throw Error(STOA_UNAVAILABLE, named + "is empty");
    }
    return std::move(*value);
}

}  // namespace stoa::host::security
