/// The subset of JSON Schema (2020-12, as OpenAPI 3.1 uses it) that the host enforces on bodies.
///
/// Keywords: type (one, or one with "null"), properties, required, additionalProperties (false or a schema), items,
/// minItems, maxItems, uniqueItems, minLength, maxLength, pattern (RE2), format (uuid, date-time, date, email, uri),
/// minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf (integers), enum, const, oneOf, anyOf, allOf,
/// minProperties, maxProperties, $ref ("#/components/schemas/…" or "#/$defs/…", alone), nullable by type; annotations:
/// title, description, default, examples, example, deprecated, readOnly, writeOnly, $schema, $id, $defs, x-….
/// Anything else is refused when the schema is compiled. Every string without enum, const or format must have a
/// maxLength, every array a maxItems. Integers are judged by their literal: no fraction, no exponent, within int64.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <json/value.h>
#include <tl/expected.hpp>

namespace stoa::validate {

/// Where (JSON pointer, RFC 6901) and why a value does not fit.
struct Violation {
    std::string pointer;
    std::string why;
};

class Schema {
public:
    /// Accepts everything, until compile() gave a better one.
    Schema() = default;

    /// `root` holds what $ref points to (an OpenAPI document, or the schema itself). The error names keyword and place.
    static tl::expected<Schema, std::string> compile(const Json::Value& schema, const Json::Value& root);

    /// Every violation, at most 20. Never throws, never recurses deeper than the value.
    std::vector<Violation> check(const Json::Value& value) const;
    /// The value with the schema's defaults filled in where members are absent.
    Json::Value withDefaults(Json::Value value) const;

private:
    friend class SchemaCompiler;
    friend class SchemaCover;
    struct Node;
    explicit Schema(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

    std::shared_ptr<const Node> root_;
};

/// Formats, by parsers of our own.
bool isFormat(std::string_view format, std::string_view text);

}  // namespace stoa::validate
