#include "source.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>
#include <stoa/validate/manifest.h>

#include "fields.h"
#include "openapi.h"
#include "schema_compiler.h"

namespace stoa::validate {
namespace {

const std::set<std::string> kCapabilities = {
    "stoa.http/1",   "stoa.client/1", "stoa.external/1", "stoa.events/1",  "stoa.sql/1",    "stoa.documents/1",
    "stoa.kv/1",     "stoa.search/1", "stoa.timer/1",    "stoa.mail/1",    "stoa.crypto/1", "stoa.clock/1",
    "stoa.memory/1", "stoa.config/1", "stoa.log/1",      "stoa.metrics/1", "stoa.trace/1",  "stoa.secret/1"};

class Compiler {
public:
    explicit Compiler(std::filesystem::path folder)
        : folder_(std::move(folder)), source_(Document::load(folder_ / "manifest.json")) {}

    std::string compile() {
        try {
            merge();
        } catch (const ManifestError& error) {
            source_.fail("", error.what());
        }
        std::string text = writeJson(compiled_);
        if (const auto manifest = parseManifest(text); !manifest) {
            source_.fail("", manifest.error());
        }
        return text;
    }

private:
    void merge() {
        Fields fields(source_.value, "");
        compiled_["format"] = 1;
        for (const char* name : {"name", "version", "abi", "capabilities"}) {
            fields.require(fields.has(name), name, "is missing");
            compiled_[name] = fields.value(name);
        }
        for (const char* name : {"description", "listener", "resources", "timers", "config", "signingKeys"}) {
            if (fields.has(name)) {
                compiled_[name] = fields.value(name);
            }
            fields.value(name);
        }
        for (const std::string& id : fields.texts("capabilities")) {
            const std::string known = nearest(id, kCapabilities);
            fields.require(kCapabilities.count(id) != 0, "capabilities",
                           fmt::format("there is no \"{}\"{}", id,
                                       known.empty() ? "" : fmt::format("; did you mean \"{}\"?", known)));
        }
        mergeRoutes(fields);
        mergeEvents(fields, "publishes");
        mergeEvents(fields, "subscribes");
        if (fields.has("migrations")) {
            mergeMigrations(folder_ / fields.text("migrations"));
        }
        fields.text("migrations", "");
        fields.done();
    }

    void mergeRoutes(Fields& fields) {
        std::map<std::string, Operation> operations;
        std::optional<Document> openapi;
        if (fields.has("openapi")) {
            openapi = Document::load(folder_ / fields.text("openapi"));
            operations = readOperations(*openapi);
            // The version stands once, in the manifest.
            openapi->value["info"]["version"] = compiled_["version"];
            compiled_["openapi"] = openapi->value;
        }
        fields.text("openapi", "");
        const Json::Value& routes = fields.list("routes");
        compiled_["routes"] = Json::Value(Json::arrayValue);
        for (Json::ArrayIndex i = 0; i < routes.size(); ++i) {
            Fields route(routes[i], fmt::format("routes[{}]", i));
            compiled_["routes"].append(mergeRoute(route, routes[i], operations));
        }
        if (!operations.empty()) {
            openapi->fail(operations.begin()->second.pointer,
                          fmt::format("the operation \"{}\" has no route in manifest.json; add one with its \"auth\", "
                                      "or remove the operation",
                                      operations.begin()->first));
        }
    }

    /// Takes the operation out of `operations`.
    static Json::Value mergeRoute(Fields& fields, Json::Value route, std::map<std::string, Operation>& operations) {
        const std::string id = fields.text("operation");
        const auto found = operations.find(id);
        if (found == operations.end()) {
            fields.require(fields.has("method") && fields.has("path"), "operation",
                           fmt::format("OpenAPI has no (second) operation \"{}\"; describe it there, or give method "
                                       "and path here",
                                       id));
            for (const char* name : {"parameters", "body", "responses"}) {
                fields.require(!fields.has(name), name, "comes from OpenAPI; describe the operation there");
            }
            return route;
        }
        for (const char* name : {"method", "path", "parameters", "body", "responses"}) {
            fields.require(!fields.has(name), name, "stands in OpenAPI already; remove it here");
        }
        const Operation& operation = found->second;
        route["method"] = operation.method;
        route["path"] = operation.path;
        route["parameters"] = operation.parameters;
        if (!operation.body.isNull()) {
            route["body"] = operation.body;
        }
        route["responses"] = operation.responses;
        operations.erase(found);
        return route;
    }

    void mergeEvents(Fields& fields, const char* list_name) {
        const Json::Value& list = fields.list(list_name);
        for (Json::ArrayIndex i = 0; i < list.size(); ++i) {
            Fields entry(list[i], fmt::format("{}[{}]", list_name, i));
            Json::Value merged = list[i];
            const Document schema = Document::load(folder_ / entry.text("schema"));
            if (auto compiled = SchemaCompiler(schema.value).compile(schema.value); !compiled) {
                schema.fail(compiled.error());
            }
            merged["schema"] = schema.value;
            compiled_[list_name].append(merged);
        }
    }

    void mergeMigrations(const std::filesystem::path& folder) {
        if (!std::filesystem::is_directory(folder)) {
            throw SourceError(
                fmt::format("{}: is no folder; the manifest names it for its migrations", folder.string()));
        }
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
        compiled_["migrations"] = Json::Value(Json::arrayValue);
        for (const auto& file : files) {
            int version = 0;
            std::string name;
            if (!re2::RE2::FullMatch(file.filename().string(), "([0-9]{4})_([a-z0-9_]+)\\.sql", &version, &name)) {
                throw SourceError(fmt::format("{}: must be called like 0001_first.sql", file.string()));
            }
            const std::string sql = readText(file);
            checkSql(file, sql);
            Json::Value migration;
            migration["version"] = version;
            migration["name"] = name;
            migration["sql"] = sql;
            migration["sha256"] = hex(sha256(sql));
            compiled_["migrations"].append(migration);
        }
    }

    static void checkSql(const std::filesystem::path& file, const std::string& sql) {
        if (!re2::RE2::PartialMatch(sql, "[A-Za-z]")) {
            throw SourceError(fmt::format("{}: is empty; remove it while nobody has applied it", file.string()));
        }
        std::string table;
        if (re2::RE2::PartialMatch(
                sql, "(?i)\\b(?:create|alter|drop)\\s+table\\s+(?:if\\s+(?:not\\s+)?exists\\s+)?\"?(stoa_\\w*)",
                &table)) {
            throw SourceError(
                fmt::format("{}: the table {} belongs to the host; choose a name without stoa_", file.string(), table));
        }
    }

    std::filesystem::path folder_;
    Document source_;
    Json::Value compiled_;
};

}  // namespace

std::string compileManifest(const std::filesystem::path& folder) { return Compiler(folder).compile(); }

}  // namespace stoa::validate
