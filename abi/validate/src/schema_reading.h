/// How the keywords of a schema are read; shared by the compiler and the table of keywords.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "schema_compiler.h"

namespace stoa::validate {

struct CompileError : std::runtime_error {
    CompileError(const std::string& place, const std::string& why)
        : std::runtime_error((place.empty() ? "/" : place) + ": " + why) {}
};

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

    static std::span<const Keyword> all();

private:
    static const Keyword kTable[];
};

}  // namespace stoa::validate
