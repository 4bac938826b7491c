#include "host/security/secret_capability.h"

#include <stoa/abi/secret.h>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "host/security/barrier.h"
#include "host/security/secrets.h"

namespace stoa::host::security {
namespace {

class SecretBinding : public plugin::Binding {
public:
    explicit SecretBinding(std::map<std::string, std::string, std::less<>> references)
        : references_(std::move(references)) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.read = [](const stoa_secret* table, stoa_str name, const stoa_writer* value) {
            return guarded([&] { return static_cast<const SecretBinding*>(table->self)->read(text(name), value); });
        };
    }
    const void* table() const override { return &table_; }

private:
    stoa_status read(std::string_view name, const stoa_writer* writer) const {
        const auto found = references_.find(name);
        if (found == references_.end()) {
            throw Error(STOA_NOT_FOUND, "the configuration names no secret " + std::string(name));
        }
        std::string value = readSecret(found->second);
        const stoa_status status = write(writer, value);
        OPENSSL_cleanse(value.data(), value.size());
        return status;
    }

    stoa_secret table_{};
    const std::map<std::string, std::string, std::less<>> references_;
};

}  // namespace

std::map<std::string, std::string, std::less<>> secretReferences(const Json::Value& config) {
    std::map<std::string, std::string, std::less<>> references;
    const Json::Value section = config.isObject() ? config.get("secrets", Json::Value()) : Json::Value();
    if (section.isNull()) {
        return references;
    }
    if (!section.isObject()) {
        throw Error(STOA_INVALID, "secrets: must map names to references");
    }
    for (const std::string& name : section.getMemberNames()) {
        const std::string reference = section[name].isString() ? section[name].asString() : "";
        if (const std::string fault = checkSecretReference(reference); !fault.empty()) {
            throw Error(STOA_INVALID, fmt::format("secrets.{} {}", name, fault));
        }
        references.emplace(name, reference);
    }
    return references;
}

std::string_view SecretCapability::id() const { return STOA_SECRET_ID; }

std::unique_ptr<plugin::Binding> SecretCapability::bind(const plugin::Environment& environment) {
    return std::make_unique<SecretBinding>(secretReferences(environment.config));
}

}  // namespace stoa::host::security
