#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <stoa/json.h>
#include <stoa/validate/manifest.h>

#include "source.h"

namespace stoa::validate {
namespace {

constexpr const char* kManifest = R"({
  "name": "stall", "version": "2.0.1", "abi": {"major": 1, "minor": 0},
  "capabilities": ["stoa.http/1", "stoa.sql/1", "stoa.events/1"],
  "resources": ["stalls"], "openapi": "openapi.yaml",
  "routes": [{"operation": "open", "auth": ["staff"], "idempotency": "required"},
             {"operation": "get", "auth": ["public"]}],
  "publishes": [{"topic": "stall.opened", "schema": "events/stall.opened.schema.json"}],
  "migrations": "migrations"
})";

constexpr const char* kOpenApi = R"(openapi: 3.1.0
info: {title: Stalls, version: "0"}
paths:
  /api/v1/stalls:
    post:
      operationId: open
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Stall"}
      responses:
        201: {$ref: "#/components/responses/Stall"}
  /api/v1/stalls/{stallId}:
    parameters:
      - {$ref: "#/components/parameters/stallId"}
    get:
      operationId: get
      responses:
        "200": {$ref: "#/components/responses/Stall"}
        404: {description: None, content: {application/problem+json: {schema: {type: object}}}}
components:
  parameters:
    stallId: {name: stallId, in: path, required: true, schema: {type: string, format: uuid}}
  responses:
    Stall:
      description: A stall
      content: {application/json: {schema: {$ref: "#/components/schemas/Stall"}}}
  schemas:
    Stall:
      type: object
      additionalProperties: false
      required: [name]
      properties:
        name: {type: string, maxLength: 20}
        code: {type: string, maxLength: 20}
      example: {name: "7", code: "1e3"}
)";

constexpr const char* kEvent = R"({"type": "object", "additionalProperties": false,
  "properties": {"aggregateVersion": {"type": "integer"}, "timestamp": {"type": "string", "format": "date-time"}},
  "examples": [{"aggregateVersion": 1}]})";

/// A plugin's folder under the system's temporary one, gone with the object.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "stoa-manifest-XXXXXX").string();
        CPPUNIT_ASSERT(mkdtemp(name.data()) != nullptr);
        path = name;
        write("manifest.json", kManifest);
        write("openapi.yaml", kOpenApi);
        write("events/stall.opened.schema.json", kEvent);
        write("migrations/0001_first.sql", "CREATE TABLE stalls (id text PRIMARY KEY);\n");
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& file, const std::string& text) const {
        std::filesystem::create_directories((path / file).parent_path());
        std::ofstream(path / file, std::ios::binary) << text;
    }
    /// Writes the file again with `from` replaced by `to`.
    void change(const std::string& file, const std::string& text, const std::string& from,
                const std::string& to) const {
        const std::size_t at = text.find(from);
        CPPUNIT_ASSERT_MESSAGE(from, at != std::string::npos);
        write(file, std::string(text).replace(at, from.size(), to));
    }
    std::string error() const {
        try {
            compileManifest(path);
        } catch (const SourceError& error) {
            return error.what();
        }
        return "(compiled)";
    }

    std::filesystem::path path;
};

void assertContains(const std::string& text, const std::string& part) {
    CPPUNIT_ASSERT_MESSAGE("\"" + part + "\" is not in: " + text, text.find(part) != std::string::npos);
}

}  // namespace

class CompilerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CompilerTest);
    CPPUNIT_TEST(aFolderBecomesOneManifest);
    CPPUNIT_TEST(yamlScalarsKeepTheirType);
    CPPUNIT_TEST(mistakesInOpenApiNameFileLineAndPlace);
    CPPUNIT_TEST(mistakesInTheManifestAreNamed);
    CPPUNIT_TEST(mistakesInEventsAndMigrationsAreNamed);
    CPPUNIT_TEST(yamlThatJsonCannotSayIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void aFolderBecomesOneManifest() {
        const Folder folder;
        const std::string text = compileManifest(folder.path);
        CPPUNIT_ASSERT_EQUAL(text, compileManifest(folder.path));
        const auto manifest = parseManifest(text);
        CPPUNIT_ASSERT_MESSAGE(manifest ? "" : manifest.error(), manifest.has_value());
        const Route& open = manifest->routes.at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("/api/v1/stalls"), open.path);
        CPPUNIT_ASSERT_EQUAL(std::string("7"), open.example["name"].asString());
        CPPUNIT_ASSERT(open.responses.count(201) == 1);
        const Route& get = manifest->routes.at(1);
        CPPUNIT_ASSERT_EQUAL(std::string("stallId"), get.parameters.at(0).name);
        CPPUNIT_ASSERT(get.responses.count(200) == 1 && get.responses.count(404) == 0);
        CPPUNIT_ASSERT_EQUAL(std::string("2.0.1"), manifest->openapi["info"]["version"].asString());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, manifest->migrations.at(0).version);
    }

    void yamlScalarsKeepTheirType() {
        const Folder folder;
        folder.write("scalars.yaml",
                     "[7, \"7\", '7', 1.5, 1e3, true, \"true\", yes, ~, null, \"\", 2026-01-01, 3.1.0, -0, +5, 007, "
                     "9223372036854775807]");
        CPPUNIT_ASSERT_EQUAL(std::string("[7,\"7\",\"7\",1.5,1000.0,true,\"true\",\"yes\",null,null,\"\","
                                         "\"2026-01-01\",\"3.1.0\",0,5,7,9223372036854775807]"),
                             writeJson(Document::load(folder.path / "scalars.yaml").value));
    }

    void mistakesInOpenApiNameFileLineAndPlace() {
        struct Case {
            const char* from;
            const char* to;
            const char* expected;
        };
        const Case cases[] = {
            {"name: {type: string, maxLength: 20}", "name: {type: string}",
             "openapi.yaml:35: /components/schemas/Stall/properties/name: the string has no maxLength"},
            {"name: {type: string, maxLength: 20}", "name: {type: string, nullable: true}", "\"nullable\""},
            {"{name: \"7\", code: \"1e3\"}", "{name: 7}", "/components/schemas/Stall/example: does not fit"},
            {"      example: {name: \"7\", code: \"1e3\"}", "", "the body needs an example"},
            {"operationId: open", "operationId: close", "OpenAPI has no (second) operation \"open\""},
            {"operationId: open", "operationId: get", "operationId \"get\" stands at /paths/~1api~1v1~1stalls/post"},
            {"      operationId: open\n", "", "needs operationId"},
            {"    get:\n      operationId: get\n", "    get:\n      operationId: get\n      servers: []\n",
             "\"servers\" is not supported"},
            {"#/components/parameters/stallId", "#/components/parameters/stall", "leads nowhere"},
            {"{type: string, format: uuid}", "{type: number}", "must be string, integer or boolean"},
            {"in: path, required: true", "in: path", "must be true for a path parameter"},
            {"in: path", "in: cookie", "in must be path, query or header"},
            {"name: stallId,", "name: id,", "has no {id}"},
            {"openapi: 3.1.0", "openapi: 3.0.3", "must be 3.1.x"},
            {"        201:", "        2XX:", "must be a status"},
            {"    post:", "    trace:", "neither a method"},
            {"/api/v1/stalls:", "/stalls:", "must begin with /api/v1/"},
            {"info:", "paths: {}\ninfo:", "stands there twice"},
            {"info:", "info: [", "openapi.yaml:"},
        };
        for (const Case& one : cases) {
            const Folder folder;
            folder.change("openapi.yaml", kOpenApi, one.from, one.to);
            assertContains(folder.error(), one.expected);
        }
        const Folder folder;
        folder.change("openapi.yaml", kOpenApi, "components:\n", R"(  /api/v1/stalls/more:
    get: {operationId: more, responses: {200: {description: x}}}
components:
)");
        assertContains(folder.error(), "the operation \"more\" has no route in manifest.json");
    }

    void mistakesInTheManifestAreNamed() {
        struct Case {
            const char* from;
            const char* to;
            const char* expected;
        };
        const Case cases[] = {
            {"\"resources\"", "\"resource\"",
             "manifest.json: resource: is not known here; did you mean \"resources\"?"},
            {"stoa.sql/1", "stoa.sqll/1", "did you mean \"stoa.sql/1\"?"},
            {"\"auth\": [\"staff\"]", "\"auth\": [\"staf\"]", "routes[0] (open).auth"},
            {"\"idempotency\"", "\"path\": \"/x\", \"idempotency\"", "stands in OpenAPI already"},
            {"openapi.yaml", "api.yaml", "api.yaml: can't be read"},
            {"\"version\": \"2.0.1\",", "", "version: is missing"},
            {"\"name\": \"stall\",", "\"name\": \"stall\", // why\n", "manifest.json"},
            {"\"operation\": \"get\"", "\"operation\": \"open\"", "no (second) operation \"open\""},
        };
        for (const Case& one : cases) {
            const Folder folder;
            folder.change("manifest.json", kManifest, one.from, one.to);
            assertContains(folder.error(), one.expected);
        }
    }

    void mistakesInEventsAndMigrationsAreNamed() {
        const Folder folder;
        folder.change("events/stall.opened.schema.json", kEvent, "\"examples\"", "\"not\": {}, \"examples\"");
        assertContains(folder.error(), "stall.opened.schema.json: /: the keyword \"not\"");
        folder.write("events/stall.opened.schema.json", kEvent);
        folder.write("migrations/second.sql", "SELECT 1");
        assertContains(folder.error(), "second.sql: must be called like 0001_first.sql");
        std::filesystem::remove(folder.path / "migrations/second.sql");
        folder.write("migrations/0003_third.sql", "SELECT 1");
        assertContains(folder.error(), "must be 2: migrations are numbered from 1 without gaps");
        std::filesystem::remove(folder.path / "migrations/0003_third.sql");
        folder.write("migrations/0002_second.sql", "CREATE TABLE IF NOT EXISTS stoa_inbox (a int)");
        assertContains(folder.error(), "the table stoa_inbox belongs to the host");
        folder.write("migrations/0002_second.sql", "  \n");
        assertContains(folder.error(), "is empty");
    }

    void yamlThatJsonCannotSayIsRefused() {
        const std::pair<const char*, const char*> cases[] = {
            {"a: 1\na: 2\n", "x.yaml:2: the key \"a\" stands there twice"},
            {"a: .nan", "no counterpart"},
            {"a: 0x10", "no counterpart"},
            {"a: 92233720368547758080", "does not fit an int64"},
            {"a: !custom 1", "tag"},
            {"? [a]\n: 1", "plain word"},
            {"b: &b {x: 1}\na: {<<: *b}", "merge keys"},
        };
        const Folder folder;
        for (const auto& [text, expected] : cases) {
            folder.write("x.yaml", text);
            try {
                Document::load(folder.path / "x.yaml");
                CPPUNIT_FAIL(std::string("must be refused: ") + text);
            } catch (const SourceError& error) {
                assertContains(error.what(), expected);
            }
        }
        std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
        for (int i = 1; i < 12; ++i) {
            bomb += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
        }
        folder.write("x.yaml", bomb);
        CPPUNIT_ASSERT_THROW(Document::load(folder.path / "x.yaml"), SourceError);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CompilerTest);

}  // namespace stoa::validate
