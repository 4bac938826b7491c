// Schemas compared as sets of values: a table in both directions.

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/json.h>

#include "schema_cover.h"

namespace stoa::validate {
namespace {

Schema schemaOf(const std::string& text) {
    const auto json = parseJson(text);
    CPPUNIT_ASSERT_MESSAGE(text + (json ? "" : json.error()), json.has_value());
    const auto schema = Schema::compile(*json, *json);
    CPPUNIT_ASSERT_MESSAGE(text + (schema ? "" : schema.error()), schema.has_value());
    return *schema;
}

/// "kind pointer" of each difference, joined by a comma; empty when there is none.
std::string compare(const std::string& sent, const std::string& taken, SchemaCover::Mode mode) {
    std::string text;
    for (const Difference& one : SchemaCover::compare(schemaOf(sent), schemaOf(taken), mode)) {
        CPPUNIT_ASSERT(!one.reason.empty());
        text += (text.empty() ? "" : ", ") + one.kind + (one.pointer.empty() ? "" : " " + one.pointer);
    }
    return text;
}

/// `tight` allows less than `loose`. As a request, tightening is a difference and loosening is none; as an answer the
/// other way round.
struct Pair {
    const char* loose;
    const char* tight;
    const char* difference;
};

constexpr auto kAccepts = SchemaCover::Mode::kAccepts;
constexpr auto kReads = SchemaCover::Mode::kReads;

std::string object(const std::string& more) { return R"({"type":"object",)" + more + "}"; }

}  // namespace

class SchemaCoverTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SchemaCoverTest);
    CPPUNIT_TEST(narrowingIsSeenAndWideningIsNot);
    CPPUNIT_TEST(aSchemaCoversItself);
    CPPUNIT_TEST(requestsAndAnswersTreatUnknownMembersDifferently);
    CPPUNIT_TEST(alternativesAreComparedAsSets);
    CPPUNIT_TEST(recursiveSchemasEnd);
    CPPUNIT_TEST(defaultsFillInSettings);
    CPPUNIT_TEST_SUITE_END();

public:
    void narrowingIsSeenAndWideningIsNot() {
        const Pair pairs[] = {
            {R"({"type":"number"})", R"({"type":"integer"})", "type"},
            {R"({"type":["integer","null"]})", R"({"type":"integer"})", "null"},
            {R"({"type":["string","null"],"maxLength":5})", R"({"type":"string","maxLength":5})", "null"},
            {R"({"type":"string","maxLength":9})", R"({"type":"string","maxLength":8})", "length"},
            {R"({"type":"string","maxLength":9})", R"({"type":"string","maxLength":9,"minLength":1})", "length"},
            {R"({"type":"string","maxLength":9})", R"({"type":"string","enum":["a","b"]})", "enum"},
            {R"({"type":"string","enum":["a","b"]})", R"({"type":"string","enum":["b"]})", "enum"},
            {R"({"type":"string","enum":["a","b"]})", R"({"const":"b"})", "enum"},
            {R"({"type":"string","maxLength":36})", R"({"type":"string","format":"uuid"})", "format"},
            {R"({"type":"string","maxLength":9})", R"({"type":"string","maxLength":9,"pattern":"^a"})", "pattern"},
            {R"({"type":"integer","minimum":0})", R"({"type":"integer","minimum":1})", "bounds"},
            {R"({"type":"integer","exclusiveMinimum":0})", R"({"type":"integer","minimum":2})", "bounds"},
            {R"({"type":"number","minimum":0})", R"({"type":"number","exclusiveMinimum":0})", "bounds"},
            {R"({"type":"integer","maximum":10})", R"({"type":"integer","exclusiveMaximum":10})", "bounds"},
            {R"({"type":"integer","multipleOf":2})", R"({"type":"integer","multipleOf":4})", "bounds"},
            {R"({"type":"array","maxItems":9,"items":{"type":"boolean"}})",
             R"({"type":"array","maxItems":8,"items":{"type":"boolean"}})", "items"},
            {R"({"type":"array","maxItems":9,"items":{"type":"integer"}})",
             R"({"type":"array","maxItems":9,"uniqueItems":true,"items":{"type":"integer"}})", "items"},
            {R"({"type":"array","maxItems":9,"items":{"type":"number"}})",
             R"({"type":"array","maxItems":9,"items":{"type":"integer"}})", "type /items"},
            {R"({"type":"object","properties":{"a":{"type":"integer"}}})",
             R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]})", "field /properties/a"},
            {R"({"type":"object","properties":{"a/b":{"type":"array","maxItems":2,"items":{"type":"number"}}}})",
             R"({"type":"object","properties":{"a/b":{"type":"array","maxItems":2,"items":{"type":"integer"}}}})",
             "type /properties/a~1b/items"},
            {R"({"type":"object","additionalProperties":{"type":"number"}})",
             R"({"type":"object","additionalProperties":{"type":"integer"}})", "type /additionalProperties"},
            {R"({"type":"object","additionalProperties":{"type":"integer"},"maxProperties":3})",
             R"({"type":"object","additionalProperties":{"type":"integer"},"maxProperties":2})", "items"},
            {R"({"type":"number"})", R"({"allOf":[{"type":"number"},{"type":"integer"}]})", "type"},
        };
        for (const Pair& one : pairs) {
            const std::string what = std::string(one.loose) + " / " + one.tight;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string(one.difference), compare(one.loose, one.tight, kAccepts));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string(one.difference), compare(one.loose, one.tight, kReads));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string(), compare(one.tight, one.loose, kAccepts));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string(), compare(one.tight, one.loose, kReads));
        }
        // The same set, written otherwise.
        for (const Pair& one :
             {Pair{R"({"type":"integer","minimum":1})", R"({"type":"integer","exclusiveMinimum":0})", ""},
              Pair{R"({"type":"string","format":"uuid"})", R"({"type":"string","format":"uuid","maxLength":36})", ""},
              Pair{R"({"type":["integer","null"]})", R"({"oneOf":[{"type":"null"},{"type":"integer"}]})", ""},
              Pair{R"({"type":"boolean"})", R"({"enum":[true,false]})", ""}}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.loose, std::string(), compare(one.loose, one.tight, kAccepts));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.loose, std::string(), compare(one.tight, one.loose, kReads));
        }
    }

    void aSchemaCoversItself() {
        for (const char* text : {
                 R"({"type":"string","maxLength":9,"pattern":"^a","minLength":2})",
                 R"({"oneOf":[{"type":"string","maxLength":9},{"type":"string","maxLength":3,"pattern":"^x"}]})",
                 R"({"anyOf":[{"type":"integer","minimum":3},{"type":"integer","maximum":9}]})",
                 R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},
                              {"type":"object","properties":{"b":{"type":"integer"}}}]})",
                 R"({"type":"object","properties":{"a":{"type":["string","null"],"enum":["x",null]}},
                     "additionalProperties":false,"required":["a"]})",
             }) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string(), compare(text, text, kAccepts));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string(), compare(text, text, kReads));
        }
    }

    void requestsAndAnswersTreatUnknownMembersDifferently() {
        const std::string a = object(R"("properties":{"a":{"type":"integer"}})");
        const std::string ab = object(R"("properties":{"a":{"type":"integer"},"b":{"type":"integer"}})");
        const std::string a_closed = object(R"("properties":{"a":{"type":"integer"}},"additionalProperties":false)");
        const std::string ab_closed =
            object(R"("properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"additionalProperties":false)");
        // A new optional member is welcome both ways.
        for (const auto& [less, more] : {std::pair(a, ab), std::pair(a_closed, ab_closed)}) {
            CPPUNIT_ASSERT_EQUAL(std::string(), compare(less, more, kAccepts));
            CPPUNIT_ASSERT_EQUAL(std::string(), compare(more, less, kReads));
        }
        CPPUNIT_ASSERT_EQUAL(std::string("member /properties/b"), compare(ab_closed, a_closed, kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string("member /additionalProperties"), compare(a, a_closed, kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(a, a_closed, kReads));
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(a_closed, ab_closed, kReads));
        const std::string b_required =
            object(R"("properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["b"])");
        CPPUNIT_ASSERT_EQUAL(std::string("field /properties/b"), compare(a, b_required, kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string("field /properties/b"), compare(a_closed, b_required, kReads));
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(b_required, a, kReads));
    }

    void alternativesAreComparedAsSets() {
        const std::string card = object(R"("properties":{"kind":{"const":"card"},"n":{"type":"integer"}},
                                           "required":["kind"])");
        const std::string cash = object(R"("properties":{"kind":{"const":"cash"}},"required":["kind"])");
        const std::string narrow_card =
            object(R"("properties":{"kind":{"const":"card"},"n":{"type":"integer","minimum":1}},"required":["kind"])");
        const auto one_of = [](const std::string& a, const std::string& b) {
            return R"({"oneOf":[)" + a + "," + b + "]}";
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(card, one_of(cash, card), kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(one_of(card, cash), one_of(cash, card), kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string("bounds /properties/n"),
                             compare(one_of(card, cash), one_of(cash, narrow_card), kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string("enum /properties/kind"), compare(one_of(card, cash), card, kAccepts));
        // A reader meets an alternative that it does not know.
        CPPUNIT_ASSERT_EQUAL(std::string("enum /properties/kind"), compare(one_of(card, cash), card, kReads));
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(card, one_of(card, cash), kReads));
        const std::string text = R"({"type":"string","maxLength":9})";
        const std::string shorter = R"({"type":"string","maxLength":4})";
        CPPUNIT_ASSERT_EQUAL(std::string("ambiguous"), compare(text, one_of(text, shorter), kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(text, R"({"anyOf":[)" + text + "," + shorter + "]}", kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string("alternatives"),
                             compare(R"({"type":"string","maxLength":12})", one_of(text, shorter), kAccepts));
    }

    void recursiveSchemasEnd() {
        const auto tree = [](const char* value) {
            return std::string(R"({"$defs":{"T":{"type":"object","properties":{"v":)") + value +
                   R"(,"next":{"$ref":"#/$defs/T"},"all":{"type":"array","maxItems":9,"items":{"$ref":"#/$defs/T"}}}}},
                       "allOf":[{"$ref":"#/$defs/T"}]})";
        };
        const std::string loose = tree(R"({"type":"number"})");
        const std::string tight = tree(R"({"type":"integer"})");
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(loose, loose, kAccepts));
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(tight, loose, kAccepts));
        CPPUNIT_ASSERT(compare(loose, tight, kAccepts).find("type /properties/v") != std::string::npos);
    }

    void defaultsFillInSettings() {
        const std::string none = object(R"("properties":{},"additionalProperties":false)");
        const std::string filled = object(
            R"("properties":{"a":{"type":"integer","default":3}},"required":["a"],"additionalProperties":false)");
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(none, filled, SchemaCover::Mode::kConfigures));
        CPPUNIT_ASSERT_EQUAL(std::string("field /properties/a"), compare(none, filled, kAccepts));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SchemaCoverTest);

}  // namespace stoa::validate
