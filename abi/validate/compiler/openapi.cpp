#include "openapi.h"

#include <algorithm>

#include <fmt/format.h>

#include "manifest_rules.h"
#include "schema_compiler.h"

namespace stoa::validate {
namespace {

const std::map<std::string, std::string> kMethods = {{"get", "GET"},        {"post", "POST"},     {"put", "PUT"},
                                                     {"patch", "PATCH"},    {"delete", "DELETE"}, {"head", "HEAD"},
                                                     {"options", "OPTIONS"}};

/// A part of the document and its place in it.
struct Part {
    const Json::Value* value;
    std::string pointer;

    const Json::Value& operator*() const { return *value; }
    bool has(const std::string& name) const { return value->isObject() && value->isMember(name); }
    Part operator[](const std::string& name) const { return {&(*value)[name], pointer + pointerPart(name)}; }
    Part operator[](Json::ArrayIndex index) const { return {&(*value)[index], fmt::format("{}/{}", pointer, index)}; }
};

class OperationReader {
public:
    explicit OperationReader(const Document& document) : document_(document), schemas_(document.value) {}

    std::map<std::string, Operation> read() {
        const Part root{&document_.value, ""};
        object(root);
        const std::string version = text(root, "openapi");
        check(version.rfind("3.1.", 0) == 0, root["openapi"], "must be 3.1.x");
        known(root, {"openapi", "info", "servers", "paths", "components", "tags", "security", "externalDocs",
                     "jsonSchemaDialect"});
        compileComponents(root);
        check(root.has("paths"), root, "has no paths");
        const Part paths = object(root["paths"]);
        for (const std::string& path : (*paths).getMemberNames()) {
            readPath(path, object(paths[path]));
        }
        return std::move(operations_);
    }

private:
    void check(bool good, const Part& part, const std::string& why) const {
        if (!good) {
            document_.fail(part.pointer, why);
        }
    }

    Part object(Part part) const {
        check((*part).isObject(), part, "must be an object");
        return part;
    }

    std::string text(const Part& part, const std::string& name) const {
        check(part.has(name) && (*part[name]).isString(), part, fmt::format("needs {} as a string", name));
        return (*part[name]).asString();
    }

    void known(const Part& part, const std::set<std::string>& names) const {
        for (const std::string& name : (*part).getMemberNames()) {
            check(names.count(name) != 0 || name.rfind("x-", 0) == 0, part[name],
                  fmt::format("\"{}\" is not supported here; remove it", name));
        }
    }

    /// Follows a $ref to parameters, requestBodies, responses or examples.
    Part resolved(Part part, const std::string& kind) const {
        object(part);
        if (!part.has("$ref")) {
            return part;
        }
        const std::string reference = text(part, "$ref");
        const std::string prefix = fmt::format("#/components/{}/", kind);
        const Part all{&document_.value["components"][kind], fmt::format("/components/{}", kind)};
        const std::string name = reference.rfind(prefix, 0) == 0 ? reference.substr(prefix.size()) : "";
        check(!name.empty() && all.has(name) && !all[name].has("$ref"), part,
              fmt::format("$ref \"{}\" leads nowhere; write {}Name and define it there", reference, prefix));
        return object(all[name]);
    }

    Schema compile(const Part& part) {
        auto schema = schemas_.compile(*part, part.pointer);
        if (!schema) {
            document_.fail(schema.error());
        }
        return *schema;
    }

    /// Also those that no route uses: a forbidden keyword is found now, not when somebody needs the schema.
    void compileComponents(const Part& root) {
        if (!root.has("components")) {
            return;
        }
        const Part components = object(root["components"]);
        known(components,
              {"schemas", "parameters", "requestBodies", "responses", "examples", "headers", "securitySchemes"});
        for (const std::string& kind : (*components).getMemberNames()) {
            object(components[kind]);
        }
        if (components.has("schemas")) {
            const Part all = components["schemas"];
            for (const std::string& name : (*all).getMemberNames()) {
                compile(all[name]);
            }
        }
    }

    void checkExample(const Schema& schema, const Part& example) const {
        const auto found = schema.check(*example);
        if (!found.empty()) {
            document_.fail(example.pointer + found[0].pointer,
                           fmt::format("the example does not fit its schema: {}", found[0].why));
        }
    }

    /// Examples of a media type or parameter, each checked; the first is returned.
    const Json::Value* examples(const Part& part, const Schema* schema) const {
        const Json::Value* first = nullptr;
        const auto take = [&](const Part& example) {
            if (schema != nullptr) {
                checkExample(*schema, example);
            }
            first = first == nullptr ? &*example : first;
        };
        if (part.has("example")) {
            take(part["example"]);
        }
        if (part.has("examples")) {
            const Part all = object(part["examples"]);
            for (const std::string& name : (*all).getMemberNames()) {
                const Part one = resolved(all[name], "examples");
                check(one.has("value"), one, "an example needs a value");
                take(one["value"]);
            }
        }
        return first;
    }

    /// The first example that a schema, or the one that it refers to, gives of itself.
    const Json::Value* ownExample(Part schema) const {
        for (int hops = 0; schema.has("$ref") && hops < 16; ++hops) {
            const std::string reference = text(schema, "$ref");
            const std::string name = reference.substr(reference.rfind('/') + 1);
            schema = {&document_.value["components"]["schemas"][name], reference.substr(1)};
        }
        if (schema.has("example")) {
            return &*schema["example"];
        }
        const bool listed = schema.has("examples") && (*schema["examples"]).isArray() && !(*schema["examples"]).empty();
        return listed ? &(*schema["examples"])[0] : nullptr;
    }

    void readPath(const std::string& path, const Part& item) {
        for (const std::string& name : (*item).getMemberNames()) {
            const auto method = kMethods.find(name);
            if (method == kMethods.end()) {
                check(name == "parameters" || name == "summary" || name == "description" || name.rfind("x-", 0) == 0,
                      item[name], fmt::format("\"{}\" is neither a method nor supported here", name));
                continue;
            }
            const Part part = object(item[name]);
            const std::string id = text(part, "operationId");
            Operation operation = readOperation(part, item);
            operation.method = method->second;
            operation.path = path;
            const auto [first, fresh] = operations_.emplace(id, std::move(operation));
            check(fresh, part, fmt::format("operationId \"{}\" stands at {} already", id, first->second.pointer));
        }
    }

    Operation readOperation(const Part& part, const Part& item) {
        known(part, {"operationId", "tags", "summary", "description", "parameters", "requestBody", "responses",
                     "deprecated", "security", "externalDocs"});
        Operation operation;
        operation.pointer = part.pointer;
        operation.parameters = Json::Value(Json::arrayValue);
        std::set<std::string> seen;
        for (const Part& holder : {part, item}) {  // an operation's own parameters hide those of the path
            if (!holder.has("parameters")) {
                continue;
            }
            const Part list = holder["parameters"];
            check((*list).isArray(), list, "must be a list");
            for (Json::ArrayIndex i = 0; i < (*list).size(); ++i) {
                const Json::Value parameter = readParameter(resolved(list[i], "parameters"));
                const std::string key = parameter["in"].asString() + " " + parameter["name"].asString();
                check(seen.insert(key).second || &*holder == &*item, list[i], "this parameter stands there twice");
                operation.parameters.append(parameter);
            }
        }
        if (part.has("requestBody")) {
            operation.body = readBody(resolved(part["requestBody"], "requestBodies"));
        }
        check(part.has("responses") && (*part["responses"]).isObject() && !(*part["responses"]).empty(), part,
              "needs at least one response");
        operation.responses = readResponses(part["responses"]);
        return operation;
    }

    Json::Value readParameter(const Part& part) {
        known(part, {"name", "in", "required", "description", "schema", "example", "examples", "deprecated"});
        Json::Value parameter;
        parameter["name"] = text(part, "name");
        parameter["in"] = text(part, "in");
        check(parameter["in"] == "path" || parameter["in"] == "query" || parameter["in"] == "header", part,
              "in must be path, query or header");
        parameter["required"] = part.has("required") && *part["required"] == true;
        check(part.has("schema"), part, "needs a schema");
        const Part schema = part["schema"];
        const Schema compiled = compile(schema);
        parameter["type"] = parameterType(schema);
        parameter["schema"] = *schema;
        const Json::Value* example = examples(part, &compiled);
        example = example == nullptr ? ownExample(schema) : example;
        if (example != nullptr) {
            parameter["example"] = *example;
        }
        return parameter;
    }

    std::string parameterType(Part schema) const {
        for (int hops = 0; schema.has("$ref") && hops < 16; ++hops) {
            const std::string reference = text(schema, "$ref");
            const std::string name = reference.substr(reference.rfind('/') + 1);
            schema = {&document_.value["components"]["schemas"][name], reference.substr(1)};
        }
        const std::string type = schema.has("type") && (*schema["type"]).isString() ? (*schema["type"]).asString() : "";
        check(type == "string" || type == "integer" || type == "boolean", schema,
              "the type of a parameter must be string, integer or boolean; for a list take a string with a pattern");
        return type;
    }

    Json::Value readBody(const Part& part) {
        known(part, {"description", "required", "content"});
        check(part.has("content") && (*part["content"]).isObject() && !(*part["content"]).empty(), part,
              "needs content");
        Json::Value body;
        body["required"] = part.has("required") && *part["required"] == true;
        const Part content = part["content"];
        std::vector<std::string> types = (*content).getMemberNames();
        // JSON first: the example belongs to the first one.
        std::stable_partition(types.begin(), types.end(), [](const std::string& type) { return type == kJson; });
        for (const std::string& type : types) {
            body["contentTypes"].append(type);
            const Part media = object(content[type]);
            known(media, {"schema", "example", "examples"});
            std::optional<Schema> schema;
            if (type == kJson) {
                check(media.has("schema"), media, "needs a schema");
                schema = compile(media["schema"]);
                body["schema"] = *media["schema"];
            }
            const Json::Value* example = examples(media, schema ? &*schema : nullptr);
            if (example == nullptr && schema) {
                example = ownExample(media["schema"]);
            }
            check(example != nullptr || type != types.front(), media,
                  "the body needs an example; the self-test of an upgrade sends it");
            if (type == types.front()) {
                body["example"] = *example;
            }
        }
        return body;
    }

    Json::Value readResponses(const Part& all) {
        Json::Value schemas(Json::objectValue);
        for (const std::string& status : (*all).getMemberNames()) {
            check(isHttpStatus(status) || status == "default", all[status], "must be a status such as 200, or default");
            const Part response = resolved(all[status], "responses");
            if (!response.has("content")) {
                continue;
            }
            const Part content = object(response["content"]);
            for (const std::string& type : (*content).getMemberNames()) {
                const Part media = object(content[type]);
                known(media, {"schema", "example", "examples"});
                if ((type != kJson && type != "application/problem+json") || !media.has("schema")) {
                    continue;
                }
                const Schema schema = compile(media["schema"]);
                examples(media, &schema);
                if (type == kJson && status != "default") {
                    schemas[status] = *media["schema"];
                }
            }
        }
        return schemas;
    }

    static constexpr const char* kJson = "application/json";

    const Document& document_;
    SchemaCompiler schemas_;
    std::map<std::string, Operation> operations_;
};

}  // namespace

std::map<std::string, Operation> readOperations(const Document& document) { return OperationReader(document).read(); }

}  // namespace stoa::validate
