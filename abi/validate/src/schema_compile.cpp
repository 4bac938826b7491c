// Compiles JSON Schema into nodes, and refuses what lies outside of the subset.

#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "schema_compiler.h"

namespace stoa::validate {
namespace {

constexpr int kMaxDepth = 200;
constexpr std::size_t kMaxNodes = 100'000;

struct CompileError : std::runtime_error {
    CompileError(const std::string& place, const std::string& why)
        : std::runtime_error((place.empty() ? "/" : place) + ": " + why) {}
};

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

std::uint64_t count(const Json::Value& value, const std::string& place, const char* keyword) {
    if ((value.type() != Json::intValue && value.type() != Json::uintValue) || !value.isInt64() ||
        value.asInt64() < 0) {
        throw CompileError(place, fmt::format("{} must be a whole number from 0", keyword));
    }
    return value.asUInt64();
}

long double number(const Json::Value& value, const std::string& place, const char* keyword) {
    switch (value.type()) {
        case Json::intValue:
            return static_cast<long double>(value.asInt64());
        case Json::uintValue:
            return static_cast<long double>(value.asUInt64());
        case Json::realValue:
            return static_cast<long double>(value.asDouble());
        default:
            throw CompileError(place, fmt::format("{} must be a number", keyword));
    }
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

/// A schema while its keywords are read.
struct SchemaCompiler::Reading {
    SchemaCompiler& compiler;
    Node& node;
    const std::string& place;
    int depth;

    const Node* child(const Json::Value& schema, const std::string& part) {
        return compiler.node(schema, place + part, depth + 1);
    }
    void list(const Json::Value& schemas, const char* keyword, std::vector<const Node*>& into) {
        if (!schemas.isArray() || schemas.empty()) {
            throw CompileError(place, fmt::format("{} must be a list of at least one schema", keyword));
        }
        for (Json::ArrayIndex i = 0; i < schemas.size(); ++i) {
            into.push_back(child(schemas[i], fmt::format("/{}/{}", keyword, i)));
        }
    }
    void sample(const Json::Value& value, const std::string& part) {
        compiler.samples_.push_back({&node, value, place + part});
    }
};

/// What a keyword is called, to which types it applies (0: any), and how it is read.
struct SchemaCompiler::Keyword {
    const char* name;
    unsigned types;
    void (*read)(Reading& reading, const Json::Value& value);
};

const SchemaCompiler::Keyword SchemaCompiler::kKeywords[] = {
    {"type", 0, [](Reading&, const Json::Value&) {}},  // read before the others
    {"$defs", 0, [](Reading& r, const Json::Value& v) { r.compiler.readDefinitions(v, r.depth, r.place); }},
    {"properties", kObject,
     [](Reading& r, const Json::Value& v) {
         if (!v.isObject()) {
             throw CompileError(r.place, "properties must be an object");
         }
         for (const std::string& name : v.getMemberNames()) {
             r.node.properties[name] = r.child(v[name], "/properties" + pointerPart(name));
         }
     }},
    {"required", kObject,
     [](Reading& r, const Json::Value& v) {
         if (!v.isArray() || !std::all_of(v.begin(), v.end(), [](const Json::Value& one) { return one.isString(); })) {
             throw CompileError(r.place, "required must be a list of names");
         }
         for (const Json::Value& name : v) {
             r.node.required.push_back(name.asString());
         }
     }},
    {"additionalProperties", kObject,
     [](Reading& r, const Json::Value& v) {
         if (v.isObject()) {
             r.node.additional = r.child(v, "/additionalProperties");
         } else if (v.isBool() && !v.asBool()) {
             r.node.closed = true;
         } else {
             throw CompileError(r.place,
                                "additionalProperties must be false or a schema; leave it out to allow everything");
         }
     }},
    {"minProperties", kObject,
     [](Reading& r, const Json::Value& v) { r.node.min_properties = count(v, r.place, "minProperties"); }},
    {"maxProperties", kObject,
     [](Reading& r, const Json::Value& v) { r.node.max_properties = count(v, r.place, "maxProperties"); }},
    {"items", kArray, [](Reading& r, const Json::Value& v) { r.node.items = r.child(v, "/items"); }},
    {"minItems", kArray, [](Reading& r, const Json::Value& v) { r.node.min_items = count(v, r.place, "minItems"); }},
    {"maxItems", kArray, [](Reading& r, const Json::Value& v) { r.node.max_items = count(v, r.place, "maxItems"); }},
    {"uniqueItems", kArray,
     [](Reading& r, const Json::Value& v) {
         if (!v.isBool()) {
             throw CompileError(r.place, "uniqueItems must be true or false");
         }
         r.node.unique = v.asBool();
     }},
    {"minLength", kString, [](Reading& r, const Json::Value& v) { r.node.min_length = count(v, r.place, "minLength"); }},
    {"maxLength", kString, [](Reading& r, const Json::Value& v) { r.node.max_length = count(v, r.place, "maxLength"); }},
    {"pattern", kString,
     [](Reading& r, const Json::Value& v) {
         re2::RE2::Options options;
         options.set_log_errors(false);
         options.set_max_mem(1 << 20);
         auto pattern = std::make_shared<re2::RE2>(v.isString() ? v.asString() : "(", options);
         if (!pattern->ok()) {
             throw CompileError(r.place, "pattern is not a regular expression of RE2 (" + pattern->error() +
                                             "); look-around and back-references don't exist there");
         }
         r.node.pattern = std::move(pattern);
     }},
    {"format", kString,
     [](Reading& r, const Json::Value& v) {
         static const std::set<std::string> kFormats = {"uuid", "date-time", "date", "email", "uri"};
         if (!v.isString() || kFormats.count(v.asString()) == 0) {
             throw CompileError(r.place, "format must be one of uuid, date-time, date, email, uri; for integers leave "
                                         "it out (they are int64)");
         }
         r.node.format = v.asString();
     }},
    {"minimum", kInteger | kNumber,
     [](Reading& r, const Json::Value& v) { r.node.minimum = number(v, r.place, "minimum"); }},
    {"maximum", kInteger | kNumber,
     [](Reading& r, const Json::Value& v) { r.node.maximum = number(v, r.place, "maximum"); }},
    {"exclusiveMinimum", kInteger | kNumber,
     [](Reading& r, const Json::Value& v) { r.node.above = number(v, r.place, "exclusiveMinimum"); }},
    {"exclusiveMaximum", kInteger | kNumber,
     [](Reading& r, const Json::Value& v) { r.node.below = number(v, r.place, "exclusiveMaximum"); }},
    {"multipleOf", kInteger,
     [](Reading& r, const Json::Value& v) {
         r.node.multiple_of = static_cast<std::int64_t>(count(v, r.place, "multipleOf"));
         if (r.node.multiple_of == 0) {
             throw CompileError(r.place, "multipleOf must be at least 1");
         }
     }},
    {"enum", 0,
     [](Reading& r, const Json::Value& v) {
         if (!v.isArray() || v.empty()) {
             throw CompileError(r.place, "enum must be a list of at least one value");
         }
         r.node.values.assign(v.begin(), v.end());
     }},
    {"const", 0, [](Reading& r, const Json::Value& v) { r.node.values.assign(1, v); }},
    {"allOf", 0, [](Reading& r, const Json::Value& v) { r.list(v, "allOf", r.node.all_of); }},
    {"anyOf", 0, [](Reading& r, const Json::Value& v) { r.list(v, "anyOf", r.node.any_of); }},
    {"oneOf", 0, [](Reading& r, const Json::Value& v) { r.list(v, "oneOf", r.node.one_of); }},
    {"default", 0,
     [](Reading& r, const Json::Value& v) {
         r.node.fallback = v;
         r.sample(v, "/default");
     }},
    {"example", 0, [](Reading& r, const Json::Value& v) { r.sample(v, "/example"); }},
    {"examples", 0,
     [](Reading& r, const Json::Value& v) {
         if (!v.isArray()) {
             throw CompileError(r.place, "examples must be a list");
         }
         for (Json::ArrayIndex i = 0; i < v.size(); ++i) {
             r.sample(v[i], fmt::format("/examples/{}", i));
         }
     }},
};

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
    const auto* keyword =
        std::find_if(std::begin(kKeywords), std::end(kKeywords), [&](const Keyword& one) { return one.name == name; });
    if (keyword == std::end(kKeywords)) {
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
