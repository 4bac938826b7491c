/// Compiles the schemas of one document. What several of them refer to is compiled once and shared.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <json/value.h>
#include <tl/expected.hpp>

#include "schema_node.h"

namespace stoa::validate {

class SchemaCompiler {
public:
    /// `root` must outlive the compiler, not the schemas.
    explicit SchemaCompiler(const Json::Value& root);

    /// `place` (a JSON pointer) goes into error messages. Also checks the schema's own examples and defaults.
    tl::expected<Schema, std::string> compile(const Json::Value& schema, const std::string& place = {});

private:
    using Node = Schema::Node;
    struct Arena {
        std::deque<Node> nodes;
    };
    struct Sample {
        const Node* node;
        Json::Value value;
        std::string place;
    };
    struct Reading;
    struct Keyword;

    const Node* node(const Json::Value& schema, const std::string& place, int depth);
    const Node* refer(const Json::Value& target, const std::string& place, int depth);
    void readKeyword(Reading& reading, const std::string& name, const Json::Value& value);
    void readDefinitions(const Json::Value& definitions, int depth, const std::string& place);
    void checkComplete(const Node& node, const Json::Value& schema, const std::string& place) const;
    void refuseEndlessReferences();
    void checkSamples();

    const Json::Value& root_;
    std::shared_ptr<Arena> arena_;
    std::map<std::string, const Node*> by_reference_;
    std::vector<Sample> samples_;
    std::ptrdiff_t proven_ = 0;  // so many nodes are known to be without endless references
};

}  // namespace stoa::validate
