#include "document.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>

#include "domain.h"

namespace gateway {
namespace {

constexpr std::string_view kComponents = "#/components/";
constexpr std::array kMethods{"get", "put", "post", "delete", "options", "head", "patch"};

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

/// Copies parts of one service's document under names of their own.
class Adoption {
public:
    Adoption(std::string service, const Json::Value& document, Json::Value& merged)
        : service_(std::move(service)), document_(document), merged_(merged) {}

    void adopt(const Marks& marks) {
        const Json::Value& paths = document_["paths"];
        for (const std::string& path : paths.isObject() ? paths.getMemberNames() : Json::Value::Members{}) {
            adoptPath(path, paths[path], marks);
        }
        if (used_) {
            Json::Value tag;
            tag["name"] = service_;
            if (document_["info"].isObject() && document_["info"].isMember("description")) {
                tag["description"] = document_["info"]["description"];
            }
            merged_["tags"].append(std::move(tag));
        }
    }

private:
    void adoptPath(const std::string& path, const Json::Value& item, const Marks& marks) {
        if (!item.isObject()) {
            return;
        }
        for (const char* method : kMethods) {
            if (!item[method].isObject()) {
                continue;
            }
            const std::string auth = marks(upper(method), path);
            if (auth.empty() || isInternal(auth)) {
                continue;
            }
            used_ = true;
            Json::Value& into = merged_["paths"][path];
            into[method] = renamed(item[method]);
            describe(into[method], auth);
            if (item.isMember("parameters")) {
                into["parameters"] = renamed(item["parameters"]);
            }
        }
    }

    void describe(Json::Value& operation, const std::string& auth) const {
        operation["operationId"] = service_ + "_" + operation["operationId"].asString();
        operation["tags"] = Json::Value(Json::arrayValue);
        operation["tags"].append(service_);
        // What a service says of its other callers means nothing at the edge.
        operation.removeMember("security");
        if (requirement(auth) != "public") {
            Json::Value bearer;
            bearer["bearer"] = Json::Value(Json::arrayValue);
            operation["security"] = Json::Value(Json::arrayValue);
            operation["security"].append(std::move(bearer));
        }
    }

    /// The same with every reference into the components renamed; what it leads to comes along.
    Json::Value renamed(const Json::Value& value) {
        Json::Value copy = value;
        if (value.isObject()) {
            for (const std::string& name : value.getMemberNames()) {
                copy[name] = name == "$ref" && value[name].isString() ? Json::Value(bring(value[name].asString()))
                                                                      : renamed(value[name]);
            }
        } else if (value.isArray()) {
            for (Json::ArrayIndex i = 0; i < value.size(); ++i) {
                copy[i] = renamed(value[i]);
            }
        }
        return copy;
    }

    /// Brings a component along, once, and answers with its new reference.
    std::string bring(const std::string& reference) {
        const std::size_t slash = reference.rfind('/');
        if (!reference.starts_with(kComponents) || slash <= kComponents.size()) {
            return reference;
        }
        const std::string kind = reference.substr(kComponents.size(), slash - kComponents.size());
        const std::string name = reference.substr(slash + 1);
        const std::string own = service_ + "_" + name;
        const Json::Value& all = document_["components"];
        if (brought_.insert(reference).second && all.isObject() && all[kind].isObject()) {
            Json::Value component = renamed(all[kind][name]);
            merged_["components"][kind][own] = std::move(component);
        }
        return std::string(kComponents) + kind + "/" + own;
    }

    std::string service_;
    const Json::Value& document_;
    Json::Value& merged_;
    std::set<std::string> brought_;
    bool used_ = false;
};

}  // namespace

Json::Value mergeDocuments(const std::map<std::string, Json::Value>& documents, const std::string& version,
                           const Marks& marks) {
    Json::Value merged;
    merged["openapi"] = "3.1.0";
    merged["info"]["title"] = "Stoa";
    merged["info"]["version"] = version;
    merged["info"]["description"] =
        "Every operation of the shop that can be called from outside. Errors are application/problem+json (RFC 9457).";
    merged["tags"] = Json::Value(Json::arrayValue);
    merged["paths"] = Json::Value(Json::objectValue);
    Json::Value& bearer = merged["components"]["securitySchemes"]["bearer"];
    bearer["type"] = "http";
    bearer["scheme"] = "bearer";
    bearer["bearerFormat"] = "JWT";
    for (const auto& [service, document] : documents) {
        if (document.isObject()) {
            Adoption{service, document, merged}.adopt(marks);
        }
    }
    return merged;
}

}  // namespace gateway
