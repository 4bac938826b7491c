#include <cppunit/extensions/HelperMacros.h>

#include <stoa/json.h>
#include <stoa/validate/schema.h>

namespace stoa::validate {
namespace {

Json::Value json(const std::string& text) {
    auto value = parseJson(text);
    CPPUNIT_ASSERT_MESSAGE(text + ": " + (value ? "" : value.error()), value.has_value());
    return *value;
}

Schema compiled(const std::string& text) {
    const Json::Value root = json(text);
    auto schema = Schema::compile(root, root);
    CPPUNIT_ASSERT_MESSAGE(text + ": " + (schema ? "" : schema.error()), schema.has_value());
    return *schema;
}

/// Why the schema is refused.
std::string refusal(const std::string& text) {
    const Json::Value root = json(text);
    auto schema = Schema::compile(root, root);
    CPPUNIT_ASSERT_MESSAGE("must be refused: " + text, !schema.has_value());
    return schema.error();
}

void assertContains(const std::string& text, const std::string& part) {
    CPPUNIT_ASSERT_MESSAGE("\"" + part + "\" is not in: " + text, text.find(part) != std::string::npos);
}

}  // namespace

class SchemaTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SchemaTest);
    CPPUNIT_TEST(everyKeywordAcceptsAndRefuses);
    CPPUNIT_TEST(everyKeywordOutsideOfTheSubsetIsRefused);
    CPPUNIT_TEST(schemasThatSayTooLittleAreRefused);
    CPPUNIT_TEST(formatsAcceptAndRefuse);
    CPPUNIT_TEST(integersAreJudgedByTheirLiteral);
    CPPUNIT_TEST(lengthIsCountedInCodePoints);
    CPPUNIT_TEST(referencesAreFollowed);
    CPPUNIT_TEST(recursiveSchemasAreCheckedToTheDepthOfTheValue);
    CPPUNIT_TEST(aReferenceToItselfIsRefused);
    CPPUNIT_TEST(examplesAndDefaultsMustFit);
    CPPUNIT_TEST(violationsNamePlaceAndReason);
    CPPUNIT_TEST(atMostTwentyViolationsAreReported);
    CPPUNIT_TEST(hostileValuesEndInAViolation);
    CPPUNIT_TEST(defaultsAreFilledIn);
    CPPUNIT_TEST_SUITE_END();

public:
    void everyKeywordAcceptsAndRefuses() {
        struct Case {
            const char* schema;
            const char* good;
            const char* bad;
        };
        const Case cases[] = {
            {R"({"type":"string","maxLength":3})", R"("abc")", R"("abcd")"},
            {R"({"type":"string","maxLength":3})", R"("")", "7"},
            {R"({"type":"string","minLength":2,"maxLength":3})", R"("ab")", R"("a")"},
            {R"({"type":"string","pattern":"^[0-9]+$","maxLength":9})", R"("12")", R"("12x")"},
            {R"({"type":"string","pattern":"b","maxLength":9})", R"("abc")", R"("acd")"},
            {R"({"type":"string","format":"uuid"})", R"("0190b8f8-5b2c-7cc3-98c4-dc0c0c07398f")", R"("0190b8f8")"},
            {R"({"type":"string","enum":["a","b"]})", R"("b")", R"("c")"},
            {R"({"enum":[1,null]})", "null", "2"},
            {R"({"const":"x"})", R"("x")", R"("y")"},
            {R"({"type":["string","null"],"maxLength":3})", "null", "false"},
            {R"({"type":"boolean"})", "true", R"("true")"},
            {R"({"type":"null"})", "null", "0"},
            {R"({"type":"integer"})", "-7", R"("7")"},
            {R"({"type":"number"})", "1.5", R"("1.5")"},
            {R"({"type":"number"})", "3", "true"},
            {R"({"type":"integer","minimum":1})", "1", "0"},
            {R"({"type":"integer","maximum":9223372036854775806})", "9223372036854775806", "9223372036854775807"},
            {R"({"type":"integer","exclusiveMinimum":1})", "2", "1"},
            {R"({"type":"number","exclusiveMaximum":2.5})", "2.4", "2.5"},
            {R"({"type":"integer","multipleOf":5})", "10", "11"},
            {R"({"type":"array","items":{"type":"integer"},"maxItems":2})", "[1,2]", "[1,2,3]"},
            {R"({"type":"array","items":{"type":"integer"},"maxItems":2})", "[]", R"([1,"2"])"},
            {R"({"type":"array","items":{"type":"integer"},"maxItems":2,"minItems":1})", "[1]", "[]"},
            {R"({"type":"array","items":{"type":"integer"},"maxItems":9,"uniqueItems":true})", "[1,2,3]", "[1,2,1]"},
            {R"({"type":"object","properties":{"a":{"type":"integer"}}})", R"({"a":1,"b":2})", R"({"a":"1"})"},
            {R"({"type":"object","required":["a"]})", R"({"a":null})", R"({"b":1})"},
            {R"({"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false})", R"({"a":1})",
             R"({"a":1,"b":2})"},
            {R"({"type":"object","additionalProperties":{"type":"integer"}})", R"({"x":1})", R"({"x":"1"})"},
            {R"({"type":"object","minProperties":1})", R"({"a":1})", "{}"},
            {R"({"type":"object","maxProperties":1})", R"({"a":1})", R"({"a":1,"b":2})"},
            {R"({"allOf":[{"type":"integer","minimum":1},{"type":"integer","maximum":3}]})", "2", "4"},
            {R"({"anyOf":[{"type":"integer"},{"type":"boolean"}]})", "true", R"("x")"},
            {R"({"oneOf":[{"type":"integer","minimum":1},{"type":"integer","maximum":3}]})", "7", "2"},
            {R"({"oneOf":[{"type":"integer"},{"type":"boolean"}]})", "7", "null"},
            {R"({"$ref":"#/$defs/n"})", "1", "null"},
        };
        for (Case one : cases) {
            Json::Value root = json(one.schema);
            root["$defs"]["n"]["type"] = "integer";
            if (root.isMember("$ref")) {
                root = Json::Value();
                root["$defs"]["n"]["type"] = "integer";
                root["allOf"][0]["$ref"] = "#/$defs/n";
            }
            const auto schema = Schema::compile(root, root);
            CPPUNIT_ASSERT_MESSAGE(std::string(one.schema) + (schema ? "" : schema.error()), schema.has_value());
            CPPUNIT_ASSERT_MESSAGE(std::string(one.schema) + " must accept " + one.good,
                                   schema->check(json(one.good)).empty());
            CPPUNIT_ASSERT_MESSAGE(std::string(one.schema) + " must refuse " + one.bad,
                                   !schema->check(json(one.bad)).empty());
        }
    }

    void everyKeywordOutsideOfTheSubsetIsRefused() {
        for (const std::string keyword : {"nullable",
                                          "prefixItems",
                                          "unevaluatedProperties",
                                          "unevaluatedItems",
                                          "patternProperties",
                                          "propertyNames",
                                          "dependentRequired",
                                          "dependentSchemas",
                                          "dependencies",
                                          "if",
                                          "then",
                                          "else",
                                          "not",
                                          "contains",
                                          "minContains",
                                          "maxContains",
                                          "additionalItems",
                                          "discriminator",
                                          "definitions",
                                          "$dynamicRef",
                                          "$dynamicAnchor",
                                          "$anchor",
                                          "$recursiveRef",
                                          "$vocabulary",
                                          "contentEncoding",
                                          "contentMediaType",
                                          "contentSchema",
                                          "xml",
                                          "externalDocs",
                                          "$comment",
                                          "id",
                                          "unknown"}) {
            assertContains(refusal(R"({"type":"object",")" + keyword + R"(":{}})"), "\"" + keyword + "\"");
        }
    }

    void schemasThatSayTooLittleAreRefused() {
        const std::pair<const char*, const char*> cases[] = {
            {R"({})", "says nothing"},
            {R"({"type":"string"})", "maxLength"},
            {R"({"type":"array","items":{"type":"integer"}})", "maxItems"},
            {R"({"type":"array","maxItems":3})", "items"},
            {R"({"type":"text"})", "type must be one of"},
            {R"({"type":["string","integer"],"maxLength":3})", "oneOf"},
            {R"({"type":"object","additionalProperties":true})", "leave it out"},
            {R"({"type":"object","additionalProperties":false,"required":["a"]})", "not among the properties"},
            {R"({"type":"object","maxLength":3})", "no effect"},
            {R"({"required":["a"]})", "no effect"},
            {R"({"type":"integer","format":"int64"})", "remove it"},
            {R"({"type":"string","format":"hostname"})", "must be one of"},
            {R"({"type":"string","maxLength":-1})", "whole number"},
            {R"({"type":"string","maxLength":1.5})", "whole number"},
            {R"({"type":"number","multipleOf":2})", "no effect"},
            {R"({"type":"integer","multipleOf":0})", "at least 1"},
            {R"({"type":"string","maxLength":9,"pattern":"(a"})", "RE2"},
            {R"({"type":"string","maxLength":9,"pattern":"(?=a).*"})", "look-around"},
            {R"({"enum":[]})", "at least one"},
            {R"({"oneOf":{}})", "list"},
            {R"({"$ref":"#/$defs/none"})", "leads nowhere"},
            {R"({"$ref":"https://example.com/schema"})", "leads nowhere"},
            {R"({"$ref":"#/$defs/a","maxLength":3})", "beside $ref"},
            {R"({"type":"object","properties":{"a":{"type":"integer","$defs":{}}}})", "at the top"},
            {R"([])", "must be an object"},
        };
        for (const auto& [schema, why] : cases) {
            assertContains(refusal(schema), why);
        }
        assertContains(refusal(R"({"type":"object","properties":{"a/b":{"type":"string"}}})"), "/properties/a~1b");
    }

    void formatsAcceptAndRefuse() {
        const std::pair<const char*, std::vector<const char*>> good[] = {
            {"uuid", {"0190b8f8-5b2c-7cc3-98c4-dc0c0c07398f"}},
            {"date-time", {"2026-11-23T01:48:14Z", "2026-11-23T01:48:14.5+02:00"}},
            {"date", {"2024-02-29"}},
            {"email", {"a@b.de", "first.last+tag@mail.example.com", "x@localhost"}},
            {"uri", {"https://example.com/a?b=c#d", "urn:stoa:problem:x", "http://[::1]:80/%20"}},
        };
        const std::pair<const char*, std::vector<const char*>> bad[] = {
            {"uuid", {"", "0190b8f85b2c7cc398c4dc0c0c07398f", "0190b8f8-5b2c-7cc3-98c4-dc0c0c07398g"}},
            {"date-time", {"", "2026-11-23", "2026-11-23 01:48:14Z", "2026-13-01T00:00:00Z", "2026-11-23T01:48:14"}},
            {"date", {"", "2023-02-29", "23-02-2023"}},
            {"email", {"", "a", "@b.de", "a@", "a@b@c", "a..b@c.de", ".a@b.de", "a@-b.de", "a b@c.de", "a@b..de"}},
            {"uri", {"", "example.com", ":x", "1http://x", "http:", "http://a b", "http://%2", "http://ä.de"}},
            {"hostname", {"example.com"}},
        };
        for (const auto& [format, texts] : good) {
            for (const char* text : texts) {
                CPPUNIT_ASSERT_MESSAGE(std::string(format) + " must accept " + text, isFormat(format, text));
            }
        }
        for (const auto& [format, texts] : bad) {
            for (const char* text : texts) {
                CPPUNIT_ASSERT_MESSAGE(std::string(format) + " must refuse " + text, !isFormat(format, text));
            }
        }
        CPPUNIT_ASSERT(!isFormat("email", std::string(250, 'a') + "@b.de"));
        CPPUNIT_ASSERT(!isFormat("uri", "http:" + std::string(3000, 'a')));
    }

    void integersAreJudgedByTheirLiteral() {
        const Schema schema = compiled(R"({"type":"integer"})");
        for (const char* literal : {"1.0", "1e3", "1E0", "-0.0", "0.5"}) {
            CPPUNIT_ASSERT_MESSAGE(literal, !schema.check(json(literal)).empty());
        }
        for (const char* literal : {"0", "-9223372036854775808", "9223372036854775807"}) {
            CPPUNIT_ASSERT_MESSAGE(literal, schema.check(json(literal)).empty());
        }
        CPPUNIT_ASSERT(!schema.check(Json::Value(Json::UInt64{1} << 63)).empty());
        CPPUNIT_ASSERT(schema.check(Json::Value(Json::UInt64{7})).empty());
        CPPUNIT_ASSERT(compiled(R"({"const":7})").check(Json::Value(Json::UInt64{7})).empty());
    }

    void lengthIsCountedInCodePoints() {
        const Schema schema = compiled(R"({"type":"string","maxLength":3,"minLength":3})");
        CPPUNIT_ASSERT(schema.check(Json::Value("äöü")).empty());
        CPPUNIT_ASSERT(schema.check(Json::Value("🙂🙂🙂")).empty());
        CPPUNIT_ASSERT(!schema.check(Json::Value("🙂🙂🙂🙂")).empty());
        CPPUNIT_ASSERT(!schema.check(Json::Value("äö")).empty());
    }

    void referencesAreFollowed() {
        const Json::Value root = json(R"({"components":{"schemas":{
            "Money":{"type":"object","additionalProperties":false,"required":["amount"],
                     "properties":{"amount":{"type":"integer"}}},
            "Line":{"type":"object","properties":{"price":{"$ref":"#/components/schemas/Money","title":"T"}}}}}})");
        const auto schema = Schema::compile(json(R"({"$ref":"#/components/schemas/Line"})"), root);
        CPPUNIT_ASSERT(schema.has_value());
        CPPUNIT_ASSERT(schema->check(json(R"({"price":{"amount":1}})")).empty());
        CPPUNIT_ASSERT_EQUAL(std::string("/price/amount"), schema->check(json(R"({"price":{}})")).at(0).pointer);
    }

    void recursiveSchemasAreCheckedToTheDepthOfTheValue() {
        const Schema schema = compiled(R"({"$defs":{"tree":{"type":"object","required":["n"],"properties":{
            "n":{"type":"integer"},"left":{"$ref":"#/$defs/tree"},"right":{"$ref":"#/$defs/tree"}}}},
            "allOf":[{"$ref":"#/$defs/tree"}]})");
        CPPUNIT_ASSERT(schema.check(json(R"({"n":1,"left":{"n":2,"right":{"n":3}}})")).empty());
        CPPUNIT_ASSERT_EQUAL(std::string("/left/right/n"),
                             schema.check(json(R"({"n":1,"left":{"n":2,"right":{}}})")).at(0).pointer);
    }

    void aReferenceToItselfIsRefused() {
        assertContains(refusal(R"({"$defs":{"a":{"$ref":"#/$defs/a"}},"type":"integer"})"), "leads back to itself");
        assertContains(refusal(R"({"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[{"type":"null"},
            {"$ref":"#/$defs/a"}]}},"type":"integer"})"),
                       "leads back to itself");
    }

    void examplesAndDefaultsMustFit() {
        assertContains(refusal(R"({"type":"integer","example":"x"})"), "/example: does not fit its own schema");
        assertContains(refusal(R"({"type":"integer","examples":[1,"x"]})"), "/examples/1: does not fit");
        assertContains(refusal(R"({"type":"integer","default":"x"})"), "/default: does not fit");
        compiled(R"({"type":"integer","default":1,"example":2,"examples":[3],"title":"t","description":"d",
                     "deprecated":true,"readOnly":true,"writeOnly":false,"$schema":"s","$id":"i","x-anything":{}})");
    }

    void violationsNamePlaceAndReason() {
        const Schema schema = compiled(R"({"type":"object","additionalProperties":false,"required":["lines"],
            "properties":{"lines":{"type":"array","maxItems":5,"items":{"type":"object","required":["quantity"],
            "properties":{"quantity":{"type":"integer","minimum":1}}}}}})");
        const auto found = schema.check(json(R"({"lines":[{"quantity":1},{"quantity":0},{}],"a/b~c":1})"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, found.size());
        CPPUNIT_ASSERT_EQUAL(std::string("/a~1b~0c"), found[0].pointer);
        CPPUNIT_ASSERT_EQUAL(std::string("is not known here"), found[0].why);
        CPPUNIT_ASSERT_EQUAL(std::string("/lines/1/quantity"), found[1].pointer);
        CPPUNIT_ASSERT_EQUAL(std::string("must be at least 1"), found[1].why);
        CPPUNIT_ASSERT_EQUAL(std::string("/lines/2/quantity"), found[2].pointer);
        CPPUNIT_ASSERT_EQUAL(std::string("is missing"), found[2].why);
    }

    void atMostTwentyViolationsAreReported() {
        const Schema schema = compiled(R"({"type":"array","maxItems":1000,"items":{"type":"integer"}})");
        Json::Value list(Json::arrayValue);
        for (int i = 0; i < 1000; ++i) {
            list.append("x");
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{20}, schema.check(list).size());
    }

    void hostileValuesEndInAViolation() {
        // Two recursive alternatives on each level: without a budget 2^60 steps.
        const Schema schema = compiled(R"({"$defs":{"t":{"anyOf":[
            {"type":"object","properties":{"c":{"$ref":"#/$defs/t"}},"required":["a"]},
            {"type":"object","properties":{"c":{"$ref":"#/$defs/t"}},"required":["b"]}]}},
            "allOf":[{"$ref":"#/$defs/t"}]})");
        Json::Value deep;
        for (int i = 0; i < 60; ++i) {
            Json::Value outer;
            outer["c"] = deep;
            deep = outer;
        }
        CPPUNIT_ASSERT(!schema.check(deep).empty());
        // A name of a megabyte is cut in the pointer.
        Json::Value object(Json::objectValue);
        object[std::string(1 << 20, 'x')] = 1;
        const Schema closed = compiled(R"({"type":"object","additionalProperties":false})");
        CPPUNIT_ASSERT(closed.check(object).at(0).pointer.size() < 200);
        // Regular expressions take linear time and constant stack.
        const Schema pattern = compiled(R"({"type":"string","maxLength":2000000,"pattern":"^(a|a)*([0-9]+)*$"})");
        CPPUNIT_ASSERT(!pattern.check(Json::Value(std::string(1000000, '7') + "x")).empty());
        CPPUNIT_ASSERT(pattern.check(Json::Value(std::string(1000000, '7'))).empty());
        CPPUNIT_ASSERT(
            !compiled(R"({"type":"string","maxLength":3})").check(Json::Value(std::string(1 << 24, 'x'))).empty());
    }

    void defaultsAreFilledIn() {
        const Schema schema = compiled(R"({"type":"object","properties":{
            "limit":{"type":"integer","default":5},
            "mail":{"type":"object","default":{},"properties":{"from":{"type":"string","maxLength":9,"default":"a@b"}}},
            "list":{"type":"array","maxItems":3,"items":{"type":"object","properties":{"n":{"type":"integer","default":1}}}},
            "none":{"type":"integer"}}})");
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"limit":5,"list":[{"n":1}],"mail":{"from":"a@b"}})"),
                             writeJson(schema.withDefaults(json(R"({"list":[{}]})"))));
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"limit":7,"mail":{"from":"x"}})"),
                             writeJson(schema.withDefaults(json(R"({"limit":7,"mail":{"from":"x"}})"))));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SchemaTest);

}  // namespace stoa::validate
