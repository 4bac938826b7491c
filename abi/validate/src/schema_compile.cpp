// Compiles JSON Schema into nodes, and refuses what lies outside of the subset.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "schema_reading.h"

namespace stoa::validate {
namespace {

constexpr int kMaxDepth = 200;
constexpr std::size_t kMaxNodes = 100'000;

const std::map<std::string, unsigned, std::less<>> kTypeNames = {
    {"null", kNull},     {"boolean", kBoolean}, {"integer", kInteger}, {"number", kNumber},
    {"string", kString}, {"array", kArray},     {"object", kObject}};

// Why a keyword that people know from JSON Schema or OpenAPI 3.0 is not there, and what to write instead.
const std::map<std::string, const char*, std::less<>> kCures = {
    {"nullable", "write type: [\"string\", \"null\"]"},
    {"prefixItems", "write an object with named members instead"},
    {"unevaluatedProperties", "write additionalProperties: false where the members are listed"},
    {"patternProperties", "write additionalProperties with a schema"},
    {"propertyNames", "check names in the service"},
    {"dependentRequired", "check the dependency in the service"},
    {"dependentSchemas", "write oneOf with the alternatives"},
    {"if", "write oneOf with the alternatives"},
    {"then", "write oneOf with the alternatives"},
    {"else", "write oneOf with the alternatives"},
    {"not", "say what is allowed instead of what is not"},
    {"contains", "check it in the service"},
    {"discriminator", "oneOf with a const member in each alternative does the same"},
    {"definitions", "write $defs"},
    {"$dynamicRef", "write $ref"},
    {"$anchor", "refer by path: #/$defs/Name or #/components/schemas/Name"},
    {"contentEncoding", "give pattern and maxLength"},
    {"xml", "only JSON is spoken here"},
};

std::string unknownKeyword(const std::string& name) {
    const auto cure = kCures.find(name);
    return fmt::format("the keyword \"{}\" is outside of the subset that the host enforces; {}", name,
                       cure != kCures.end() ? cure->second : "remove it, or check it in the service");
}

const Json::Value* member(const Json::Value* object, std::string_view name) {
    return object != nullptr && object->isObject() ? object->find(name.data(), name.data() + name.size()) : nullptr;
}

bool isAnnotation(std::string_view name) {
    static const std::set<std::string_view> kNames = {"title",     "description", "deprecated", "readOnly",
                                                      "writeOnly", "$schema",     "$id"};
    return name.substr(0, 2) == "x-" || kNames.count(name) != 0;
}

}  // namespace

SchemaCompiler::SchemaCompiler(const Json::Value& root) : root_(root), arena_(std::make_shared<Arena>()) {}

tl::expected<Schema, std::string> SchemaCompiler::compile(const Json::Value& schema, const std::string& place) {
    try {
        samples_.clear();
        const Node* top = node(schema, place, 0);
        refuseEndlessReferences();
        checkSamples();
        return Schema(std::shared_ptr<const Node>(arena_, top));
    } catch (const CompileError& error) {
        return tl::unexpected(std::string(error.what()));
    }
}

tl::expected<Schema, std::string> Schema::compile(const Json::Value& schema, const Json::Value& root) {
    return SchemaCompiler(root).compile(schema);
}

const Schema::Node* SchemaCompiler::node(const Json::Value& schema, const std::string& place, int depth) {
    if (depth > kMaxDepth || arena_->nodes.size() >= kMaxNodes) {
        throw CompileError(place, "the schema is nested too deep or too large; split the resource");
    }
    if (!schema.isObject()) {
        throw CompileError(place, "a schema must be an object");
    }
    if (schema.isMember("$ref")) {
        for (const std::string& name : schema.getMemberNames()) {
            if (name != "$ref" && !isAnnotation(name)) {
                throw CompileError(place, fmt::format("\"{}\" beside $ref is ignored by many tools; put it into the "
                                                      "schema that is referred to, or write allOf",
                                                      name));
            }
        }
        return refer(schema["$ref"], place, depth);
    }
    Node& node = arena_->nodes.emplace_back();
    Json::Value types = schema.get("type", Json::Value(Json::arrayValue));
    if (!types.isArray()) {
        const Json::Value single = types;
        types = Json::Value(Json::arrayValue);
        types.append(single);
    }
    for (const Json::Value& one : types) {
        const auto bit = kTypeNames.find(one.isString() ? one.asString() : "");
        if (bit == kTypeNames.end()) {
            throw CompileError(place, "type must be one of null, boolean, integer, number, string, array, object");
        }
        node.types |= bit->second;
    }
    Reading reading{*this, node, place, depth};
    for (const std::string& name : schema.getMemberNames()) {
        readKeyword(reading, name, schema[name]);
    }
    checkComplete(node, schema, place);
    return &node;
}

void SchemaCompiler::readKeyword(Reading& reading, const std::string& name, const Json::Value& value) {
    if (isAnnotation(name)) {
        return;
    }
    const std::span<const Keyword> keywords = Keyword::all();
    const auto keyword =
        std::find_if(keywords.begin(), keywords.end(), [&](const Keyword& one) { return one.name == name; });
    if (keyword == keywords.end()) {
        throw CompileError(reading.place, unknownKeyword(name));
    }
    if (keyword->types != 0 && (keyword->types & reading.node.types) == 0) {
        if (name == "format") {
            throw CompileError(reading.place, "format belongs to strings; integers are int64 anyway, so remove it");
        }
        throw CompileError(reading.place,
                           fmt::format("\"{}\" has no effect on this type; give the type that it belongs to", name));
    }
    keyword->read(reading, value);
}

void SchemaCompiler::readDefinitions(const Json::Value& definitions, int depth, const std::string& place) {
    const Json::Value* own = member(&root_, "$defs");
    if (!definitions.isObject() || own == nullptr || *own != definitions) {
        throw CompileError(place, "$defs must stand at the top of its document; in OpenAPI use #/components/schemas/");
    }
    for (const std::string& name : definitions.getMemberNames()) {
        refer("#/$defs/" + name, place, depth);
    }
}

void SchemaCompiler::checkComplete(const Node& node, const Json::Value& schema, const std::string& place) const {
    const bool composed = !node.all_of.empty() || !node.any_of.empty() || !node.one_of.empty();
    if (node.types == 0 && node.values.empty() && !composed) {
        throw CompileError(place, "the schema says nothing; give it a type, enum, const or a $ref");
    }
    const unsigned without_null = node.types & ~static_cast<unsigned>(kNull);
    if ((without_null & (without_null - 1)) != 0) {
        throw CompileError(place, "type must be one type, or one type and null; write oneOf for alternatives");
    }
    if ((node.types & kString) != 0 && !node.max_length && node.format.empty() && node.values.empty()) {
        throw CompileError(place, "the string has no maxLength; give one (or enum, const, format)");
    }
    if ((node.types & kArray) != 0 && (!node.max_items || node.items == nullptr) && node.values.empty()) {
        throw CompileError(place, "the array needs maxItems and items");
    }
    if (node.closed) {
        for (const std::string& name : node.required) {
            if (node.properties.count(name) == 0) {
                throw CompileError(place, fmt::format("\"{}\" is required but not among the properties", name));
            }
        }
    }
    if (schema.isMember("enum") && schema.isMember("const")) {
        throw CompileError(place, "enum and const together; keep one");
    }
}

const Schema::Node* SchemaCompiler::refer(const Json::Value& target, const std::string& place, int depth) {
    const std::string reference = target.isString() ? target.asString() : "";
    const Json::Value* found = nullptr;
    for (const std::string prefix : {"#/components/schemas/", "#/$defs/"}) {
        if (reference.rfind(prefix, 0) == 0) {
            const Json::Value* holder =
                prefix == "#/$defs/" ? member(&root_, "$defs") : member(member(&root_, "components"), "schemas");
            found = member(holder, reference.substr(prefix.size()));
        }
    }
    if (found == nullptr) {
        throw CompileError(place, fmt::format("$ref \"{}\" leads nowhere; write #/components/schemas/Name or "
                                              "#/$defs/Name, and define that name in the same document",
                                              reference));
    }
    if (const auto known = by_reference_.find(reference); known != by_reference_.end()) {
        return known->second;
    }
    // The node exists before what it refers to, so that a schema may contain itself.
    Node& node = arena_->nodes.emplace_back();
    by_reference_[reference] = &node;
    node.ref = this->node(*found, reference.substr(1), depth + 1);
    return &node;
}

// A reference that leads back to itself without taking a step into the value would be checked for ever: nodes that
// nothing points at in place are taken away, again and again; what stays lies on a circle.
void SchemaCompiler::refuseEndlessReferences() {
    const auto targets = [](const Node& node) {
        std::vector<const Node*> list = node.all_of;
        list.insert(list.end(), node.any_of.begin(), node.any_of.end());
        list.insert(list.end(), node.one_of.begin(), node.one_of.end());
        if (node.ref != nullptr) {
            list.push_back(node.ref);
        }
        return list;
    };
    std::map<const Node*, std::size_t> incoming;
    for (auto node = arena_->nodes.begin() + proven_; node != arena_->nodes.end(); ++node) {
        incoming.try_emplace(&*node, 0);
        for (const Node* target : targets(*node)) {
            ++incoming[target];
        }
    }
    std::vector<const Node*> free;
    for (auto node = arena_->nodes.begin() + proven_; node != arena_->nodes.end(); ++node) {
        if (incoming[&*node] == 0) {
            free.push_back(&*node);
        }
    }
    while (!free.empty()) {
        const Node* node = free.back();
        free.pop_back();
        for (const Node* target : targets(*node)) {
            if (const auto left = incoming.find(target); left != incoming.end() && --left->second == 0) {
                free.push_back(target);
            }
        }
    }
    if (std::any_of(incoming.begin(), incoming.end(), [](const auto& left) { return left.second != 0; })) {
        throw CompileError("",
                           "a $ref leads back to itself; a schema may contain itself only inside of properties or "
                           "items");
    }
    proven_ = static_cast<std::ptrdiff_t>(arena_->nodes.size());
}

void SchemaCompiler::checkSamples() {
    for (const Sample& sample : samples_) {
        std::vector<Violation> found;
        std::size_t steps = 100'000;
        Check run{found, steps};
        sample.node->check(sample.value, Place{}, 0, run);
        if (!found.empty()) {
            throw CompileError(sample.place,
                               fmt::format("does not fit its own schema: {} {}",
                                           found[0].pointer.empty() ? "it" : found[0].pointer, found[0].why));
        }
    }
}

}  // namespace stoa::validate
