// The keywords of the subset: to which types each belongs, and how it is read.

#include <algorithm>
#include <set>

#include "schema_reading.h"

namespace stoa::validate {
namespace {

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

}  // namespace

const SchemaCompiler::Keyword SchemaCompiler::Keyword::kTable[] = {
        {"type", 0, [](Reading&, const Json::Value&) {}},  // read before the others
        {"$defs", 0, [](Reading& r, const Json::Value& v) { r.compiler.readDefinitions(v, r.depth, r.place); }},
        {"properties", kObject,
         [](Reading& r, const Json::Value& v) {
             if (!v.isObject()) {
                 throw CompileError(r.place, "properties must be an object");
             }
             for (const std::string& property : v.getMemberNames()) {
                 r.node.properties[property] = r.child(v[property], "/properties" + pointerPart(property));
             }
         }},
        {"required", kObject,
         [](Reading& r, const Json::Value& v) {
             if (!v.isArray() ||
                 !std::all_of(v.begin(), v.end(), [](const Json::Value& one) { return one.isString(); })) {
                 throw CompileError(r.place, "required must be a list of names");
             }
             for (const Json::Value& property : v) {
                 r.node.required.push_back(property.asString());
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
        {"minItems", kArray,
         [](Reading& r, const Json::Value& v) { r.node.min_items = count(v, r.place, "minItems"); }},
        {"maxItems", kArray,
         [](Reading& r, const Json::Value& v) { r.node.max_items = count(v, r.place, "maxItems"); }},
        {"uniqueItems", kArray,
         [](Reading& r, const Json::Value& v) {
             if (!v.isBool()) {
                 throw CompileError(r.place, "uniqueItems must be true or false");
             }
             r.node.unique = v.asBool();
         }},
        {"minLength", kString,
         [](Reading& r, const Json::Value& v) { r.node.min_length = count(v, r.place, "minLength"); }},
        {"maxLength", kString,
         [](Reading& r, const Json::Value& v) { r.node.max_length = count(v, r.place, "maxLength"); }},
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
                 throw CompileError(r.place,
                                    "format must be one of uuid, date-time, date, email, uri; for integers leave "
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

std::span<const SchemaCompiler::Keyword> SchemaCompiler::Keyword::all() { return kTable; }

}  // namespace stoa::validate
