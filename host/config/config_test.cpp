#include "host/config/config.h"

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include <stoa/abi/config.h>
#include <stoa/error.h>
#include <stoa/json.h>

#include "host/config/config_capability.h"
#include "host/config/layers.h"
#include "host/config/values.h"

namespace stoa::host::config {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string contentOf(const std::string& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

class ConfigTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConfigTest);
    CPPUNIT_TEST(defaultsAreThereWithoutAnyFile);
    CPPUNIT_TEST(laterLayersWin);
    CPPUNIT_TEST(originsNameFileAndLineVariableAndFlag);
    CPPUNIT_TEST(everyKeyIsPartOfTheTypedConfiguration);
    CPPUNIT_TEST(theDefaultFileIsTheCommittedOneAndChangesNothing);
    CPPUNIT_TEST(unknownKeysNameTheNearest);
    CPPUNIT_TEST(wrongTypesSayWhatWasExpected);
    CPPUNIT_TEST(duplicateKeysAndSecondDocumentsAreRefused);
    CPPUNIT_TEST(brokenYamlNamesTheLine);
    CPPUNIT_TEST(aliasesThatMultiplyAreRefused);
    CPPUNIT_TEST(aliasesOfWhatTheyStandInAreRefused);
    CPPUNIT_TEST(mistakesAreToldUpToALimit);
    CPPUNIT_TEST(unknownVariablesAreRefusedButForTheDocumentedOnes);
    CPPUNIT_TEST(variablesReachPluginsByName);
    CPPUNIT_TEST(secretsMustBeReferencesAndAreNotRepeated);
    CPPUNIT_TEST(addressesWithPasswordsAreRefusedWithoutRepeatingThem);
    CPPUNIT_TEST(durationsAndSizesHaveUnits);
    CPPUNIT_TEST(settingsAreMergedAcrossLayers);
    CPPUNIT_TEST(aPluginsSectionHasItsDefaults);
    CPPUNIT_TEST(aPluginThatNobodyNamesHasDefaults);
    CPPUNIT_TEST(keysThatNeedEachOtherAreChecked);
    CPPUNIT_TEST(aFileThatIsMissingIsNamed);
    CPPUNIT_TEST(allMistakesAreToldAtOnce);
    CPPUNIT_TEST(explainShowsReferencesNotSecrets);
    CPPUNIT_TEST(settingsReachThePluginAsJson);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (fs::temp_directory_path() / "stoa-config-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        fs::create_directory(folder_ + "/plugins.d");
        sources_ = {};
    }
    void tearDown() override { fs::remove_all(folder_); }

    void write(const std::string& name, const std::string& text) {
        std::ofstream(folder_ + "/" + name) << text;
        sources_.file = folder_ + "/host.yaml";
        if (!fs::exists(sources_.file)) {
            std::ofstream{sources_.file};
        }
    }

    Config loaded() { return load(sources_); }

    /// The mistakes of the sources as they are now, joined.
    std::string mistakes() {
        try {
            load(sources_);
        } catch (const ConfigError& error) {
            return error.what();
        }
        CPPUNIT_FAIL("accepted");
        return {};
    }

    void assertMistake(const std::string& part) {
        const std::string all = mistakes();
        CPPUNIT_ASSERT_MESSAGE(all + " lacks: " + part, all.find(part) != std::string::npos);
    }

    static std::string originOf(const Config& config, const std::string& path) {
        for (const Value& value : config.values) {
            if (value.path == path) {
                return value.origin;
            }
        }
        return "absent";
    }

    void defaultsAreThereWithoutAnyFile() {
        const Config config = loaded();
        CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1:8080"), config.http.edge.text());
        CPPUNIT_ASSERT_EQUAL(std::string("sqlite:events.db"), config.events.url);
        CPPUNIT_ASSERT_EQUAL(std::string("stoa-state/control.sock"), config.control_socket);
        CPPUNIT_ASSERT(config.events.retries == std::vector<Milliseconds>({1s, 10s, 60s}));
        CPPUNIT_ASSERT(config.plugins_required && config.plugins.empty());
        CPPUNIT_ASSERT(config.http.body_timeout == 30s);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{32 << 10}, config.http.max_header_bytes);
    }

    void laterLayersWin() {
        write("host.yaml", "http:\n  threads: 3\n  deadline: 5s\nplugins:\n  order:\n    workers: 5\n    queue: 6\n");
        write("plugins.d/order.yaml", "workers: 7\nsql: sqlite:o.db\n");
        sources_.environment = {{"STOA_HTTP_THREADS", "4"}, {"HOME", "/root"}, {"STOA_PLUGINS_ORDER_SQL", "sqlite:e"}};
        sources_.flags = {{"--listen", "http.edge", "0.0.0.0:80"}, {"--set", "http.threads", "8"}};
        const Config config = loaded();
        CPPUNIT_ASSERT_EQUAL(8, config.http.threads);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{80}, config.http.edge.port);
        CPPUNIT_ASSERT_EQUAL(7, config.plugins.at("order").workers);
        CPPUNIT_ASSERT_EQUAL(6, config.plugins.at("order").queue);
        CPPUNIT_ASSERT_EQUAL(std::string("sqlite:e"), config.plugins.at("order").sql);
        CPPUNIT_ASSERT(config.http.deadline == 5s);
    }

    void originsNameFileAndLineVariableAndFlag() {
        write("host.yaml", "\nhttp:\n  threads: 3\n");
        write("plugins.d/order.yaml", "workers: 7\n");
        sources_.environment = {{"STOA_EVENTS", "kafka://b:9092"}};
        sources_.flags = {{"--listen", "http.edge", "0.0.0.0:80"}};
        const Config config = loaded();
        CPPUNIT_ASSERT_EQUAL(std::string("host.yaml:3"), originOf(config, "http.threads"));
        CPPUNIT_ASSERT_EQUAL(std::string("plugins.d/order.yaml:1"), originOf(config, "plugins.order.workers"));
        CPPUNIT_ASSERT_EQUAL(std::string("STOA_EVENTS"), originOf(config, "events"));
        CPPUNIT_ASSERT_EQUAL(std::string("--listen"), originOf(config, "http.edge"));
        CPPUNIT_ASSERT_EQUAL(std::string("default"), originOf(config, "http.ops"));
        CPPUNIT_ASSERT_EQUAL(std::string("default"), originOf(config, "plugins.order.queue"));
    }

    void everyKeyIsPartOfTheTypedConfiguration() {
        const Layers nothing;
        const Values values(nothing);
        bind(values);
        for (const std::string& path : values.unread()) {
            CPPUNIT_FAIL("not in the typed configuration: " + path);
        }
    }

    void theDefaultFileIsTheCommittedOneAndChangesNothing() {
        CPPUNIT_ASSERT_EQUAL_MESSAGE("make it again: host config --write-default > conf/host.yaml", defaultFile(),
                                     contentOf(STOA_DEFAULT_CONFIG));
        const Config none = loaded();
        write("host.yaml", defaultFile());
        const Config file = loaded();
        CPPUNIT_ASSERT_EQUAL(none.values.size(), file.values.size());
        for (std::size_t i = 0; i < none.values.size(); ++i) {
            CPPUNIT_ASSERT_EQUAL(none.values[i].path + none.values[i].text, file.values[i].path + file.values[i].text);
        }
    }

    void unknownKeysNameTheNearest() {
        write("host.yaml",
              "http:\n  treads: 3\nevnts: x\nplugins:\n  order:\n    sqll: x\n    external:\n      psp:\n"
              "        timeout: 3\n        url: http://p\n");
        assertMistake("host.yaml:2: unknown key http.treads; did you mean http.threads?");
        assertMistake("host.yaml:3: unknown key evnts; did you mean events?");
        assertMistake("unknown key plugins.order.sqll; did you mean plugins.order.sql?");
        assertMistake("did you mean plugins.order.external.psp.timeout_ms?");
        write("host.yaml", "nothing_like_any_of_them_at_all: 1\n");
        assertMistake("`host config --explain` prints all keys");
        write("host.yaml", "plugins:\n  Order:\n    workers: 3\n");
        assertMistake("unknown key plugins.Order");
        sources_ = {};
        sources_.flags = {{"--set", "http.egde", "x"}};
        assertMistake("--set: unknown key http.egde; did you mean http.edge?");
    }

    void wrongTypesSayWhatWasExpected() {
        write("host.yaml",
              "http:\n  threads: many\n  max_connections: 0\n  edge: 8080\n  deadline: 5\nlog:\n  level: "
              "loud\nplugins_required: yes\nstate: [a]\nmail: smtp\noutbound:\n  attempts: {a: 1}\n"
              "trace:\n  ratio: 1.5\nparked:\n  retries: 1s\n");
        assertMistake("http.threads is \"many\": expected a whole number");
        assertMistake("http.max_connections is \"0\": expected a whole number from 1 to 1000000");
        assertMistake("http.edge is \"8080\": expected host:port");
        assertMistake("http.deadline is \"5\": expected a duration such as");
        assertMistake("log.level is \"loud\": expected one of debug|info|warn|error");
        assertMistake("plugins_required is \"yes\": expected true or false");
        assertMistake("state is a list: expected one value");
        assertMistake("mail is a value: expected keys and values below it");
        assertMistake("outbound.attempts is a group of keys: expected a value");
        assertMistake("trace.ratio is \"1.5\": expected a number from 0 to 1");
        assertMistake("parked.retries is \"1s\": expected a list of durations");
    }

    void duplicateKeysAndSecondDocumentsAreRefused() {
        write("host.yaml", "http:\n  threads: 3\n  threads: 4\n");
        assertMistake("host.yaml:3: http.threads stands here twice");
        write("host.yaml", "state: a\n---\nstate: b\n");
        assertMistake("a second document begins here");
        write("host.yaml", "plugins:\n  order:\n    settings:\n      a: 1\n      a: 2\n");
        assertMistake("plugins.order.settings.a stands here twice");
    }

    void brokenYamlNamesTheLine() {
        write("host.yaml", "http:\n  edge: \"127.0.0.1\n");
        assertMistake("host.yaml:");
        write("host.yaml", "- a\n");
        assertMistake("the file is a list");
    }

    void aliasesThatMultiplyAreRefused() {
        write("host.yaml", "plugins: {order: {settings: {once: &a [1, 2], again: *a}}}\n");
        CPPUNIT_ASSERT_EQUAL(2U, loaded().plugin("order").settings["again"].size());
        std::string text = "plugins:\n order:\n  settings:\n   a: &a [1, 2, 3, 4]\n";
        for (char name = 'b'; name <= 'z'; ++name) {
            text += fmt::format("   {0}: &{0} [*{1}, *{1}, *{1}, *{1}]\n", name, static_cast<char>(name - 1));
        }
        write("host.yaml", text);
        assertMistake("this is not the YAML that was expected: too many settings in one file");
    }

    void aliasesOfWhatTheyStandInAreRefused() {
        write("host.yaml", "plugins: {order: {settings: &all {once: *all}}}\n");
        assertMistake("nested too deep");
        // As wide and with names as long as made it take minutes before.
        const std::string name(900, 'n');
        write("host.yaml",
              fmt::format("plugins: {{order: {{settings: &all {{a{0}: *all, b{0}: *all, c{0}: 1}}}}}}\n", name));
        assertMistake("nested too deep");
        std::string text = "plugins:\n  p0: &plugin {file: a, secrets: {a: &value \"file:a\"}}\n";
        for (int i = 1; i < 20'000; ++i) {
            text += fmt::format("  p{}: *plugin\n", i);
        }
        write("host.yaml", text);
        assertMistake("too many settings in one file");
    }

    void mistakesAreToldUpToALimit() {
        std::string text;
        for (int i = 0; i < 1000; ++i) {
            text += fmt::format("key{}: 1\n", i);
        }
        write("host.yaml", text);
        assertMistake("host.yaml:100: unknown key key99");
        assertMistake("host.yaml:101: this is not the YAML that was expected: more mistakes follow");
        write("host.yaml", "log: {level: info}\n" + std::string(1 << 20, '#') + "\n");
        assertMistake("host.yaml: is larger than 1 MiB");
    }

    void unknownVariablesAreRefusedButForTheDocumentedOnes() {
        sources_.environment = {{"STOA_TEST_KAFKA", "x"}, {"STOA_CONTROL", "x"}, {"STOA_CONFIG", "x"}};
        loaded();
        sources_.environment = {{"STOA_EVENT", "kafka://b"}};
        assertMistake("STOA_EVENT: this variable stands for no key; did you mean STOA_EVENTS?");
        sources_.environment = {{"STOA_HTTP_THREADS", "x"}};
        assertMistake("STOA_HTTP_THREADS: http.threads is \"x\": expected a whole number");
    }

    void variablesReachPluginsByName() {
        sources_.environment = {{"STOA_PLUGINS_SANDBOX_PSP_SQL", "sqlite:x"},
                                {"STOA_PLUGINS_SANDBOX_PSP_SQL_PASSWORD", "env:PW"},
                                {"STOA_PLUGINS_PAYMENT_EXTERNAL_PSP_URL", "http://127.0.0.1:1"},
                                {"STOA_PLUGINS_PAYMENT_SECRETS_SQL", "env:KEY"},
                                {"STOA_PLUGINS_REQUIRED", "false"},
                                {"STOA_PARKED_RETRIES", "[1ms]"},
                                {"STOA_PLUGINS_PAYMENT_SETTINGS", "{retries: 3, name: \"3\"}"}};
        const Config config = loaded();
        CPPUNIT_ASSERT_EQUAL(std::string("sqlite:x"), config.plugins.at("sandbox_psp").sql);
        CPPUNIT_ASSERT_EQUAL(std::string("env:PW"), config.plugins.at("sandbox_psp").sql_password);
        const Plugin& payment = config.plugins.at("payment");
        CPPUNIT_ASSERT_EQUAL(std::string("http://127.0.0.1:1"), payment.external.at("psp").url);
        CPPUNIT_ASSERT_EQUAL(std::string("env:KEY"), payment.secrets.at("sql"));
        CPPUNIT_ASSERT_EQUAL(std::string("{\"name\":\"3\",\"retries\":3}"), writeJson(payment.settings));
        CPPUNIT_ASSERT(!config.plugins_required);
        CPPUNIT_ASSERT(config.events.retries == std::vector<Milliseconds>({1ms}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, config.plugins.size());
    }

    void secretsMustBeReferencesAndAreNotRepeated() {
        write("host.yaml", "mail:\n  password: hunter2\nplugins:\n  order:\n    sql_password: hunter3\n");
        const std::string all = mistakes();
        CPPUNIT_ASSERT(all.find("hunter") == std::string::npos);
        assertMistake("host.yaml:2: mail.password: expected a reference to a secret");
    }

    void addressesWithPasswordsAreRefusedWithoutRepeatingThem() {
        write("host.yaml", "plugins:\n  order:\n    sql: postgresql://order:hunter2@db/order\n");
        CPPUNIT_ASSERT(mistakes().find("hunter2") == std::string::npos);
        assertMistake("expected an address without a password");
        write("host.yaml", "plugins:\n  order:\n    sql: postgresql://order@db:5432/order\n");
        loaded();
    }

    void durationsAndSizesHaveUnits() {
        write("host.yaml", "http:\n  idle_timeout: 250ms\nretention:\n  age: 2d\n  bytes: 3GiB\ndrain:\n  settle: 0\n");
        const Config config = loaded();
        CPPUNIT_ASSERT(config.http.idle_timeout == 250ms);
        CPPUNIT_ASSERT(config.events.retention_age == 48h);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3} << 30, config.events.retention_bytes);
        CPPUNIT_ASSERT(config.drain.settle == 0ms);
        for (const char* bad : {"1.5s", "-1s", "s", "10 s", "99999999999999999999s", "9223372036854775807d", "1e3s"}) {
            write("host.yaml", std::string("http:\n  idle_timeout: \"") + bad + "\"\n");
            assertMistake("http.idle_timeout");
        }
    }

    void settingsAreMergedAcrossLayers() {
        write("host.yaml",
              "plugins:\n  order:\n    settings:\n      a: 1\n      b: {x: 1, y: [1, two]}\n      quoted: \"7\"\n");
        write("plugins.d/order.yaml", "settings:\n  a: 2.5\n  b: {x: true}\n");
        sources_.flags = {{"--set", "plugins.order.settings.c", "text"}};
        CPPUNIT_ASSERT_EQUAL(std::string("{\"a\":2.5,\"b\":{\"x\":true,\"y\":[1,\"two\"]},\"c\":\"text\",\"quoted\":"
                                         "\"7\"}"),
                             writeJson(loaded().plugins.at("order").settings));
        write("plugins.d/order.yaml", "settings:\n  b: gone\n");
        CPPUNIT_ASSERT_EQUAL(std::string("gone"), loaded().plugins.at("order").settings["b"].asString());
    }

    void aPluginsSectionHasItsDefaults() {
        write("host.yaml",
              "plugins:\n  payment:\n    memory_limit: 1MiB\n    external:\n      psp: {url: 'https://p'}\n"
              "    secrets: {key: 'file:/k'}\n");
        const Plugin payment = loaded().plugins.at("payment");
        CPPUNIT_ASSERT_EQUAL(1 << 20, payment.section["memory_limit"].asInt());
        CPPUNIT_ASSERT_EQUAL(10000, payment.section["external"]["psp"]["timeout_ms"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("https://p"), payment.section["external"]["psp"]["url"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("file:/k"), payment.section["secrets"]["key"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("sqlite:payment_db.sqlite"), payment.section["sql"].asString());
        CPPUNIT_ASSERT_EQUAL(30000, payment.section["event_timeout"].asInt());
        CPPUNIT_ASSERT(payment.section["settings"].isObject());
    }

    void aPluginThatNobodyNamesHasDefaults() {
        const Plugin user = loaded().plugin("user");
        CPPUNIT_ASSERT_EQUAL(std::string("sqlite:user_db.sqlite"), user.sql);
        CPPUNIT_ASSERT_EQUAL(4, user.workers);
        CPPUNIT_ASSERT(user.settings.isObject() && user.settings.empty());
    }

    void keysThatNeedEachOtherAreChecked() {
        write("host.yaml",
              "http:\n  tls: {certificate: a.pem}\n  deadline: 2m\nplugins:\n  p:\n    external:\n      x: "
              "{url: 'ftp://p'}\n");
        assertMistake("http.tls.certificate and http.tls.key need each other");
        assertMistake("http.deadline is longer than http.max_deadline");
        assertMistake("host.yaml:7: plugins.p.external.x.url: expected an address that begins with");
        write("host.yaml", "security: {unsigned_plugins: refuse}\n");
        assertMistake("host.yaml:1: security.unsigned_plugins: refuse needs security.plugin_keys");
    }

    void aFileThatIsMissingIsNamed() {
        sources_.file = folder_ + "/none.yaml";
        assertMistake("none.yaml: this file can't be read");
        write("plugins.d/order.yml", "");
        assertMistake("plugins.d/order.yml: is not read: name it .yaml");
    }

    void allMistakesAreToldAtOnce() {
        write("host.yaml", "a: 1\nb: 2\nhttp: {threads: x}\n");
        sources_.environment = {{"STOA_NOTHING", "1"}};
        assertMistake("the configuration has 4 mistakes");
    }

    void explainShowsReferencesNotSecrets() {
        sources_.environment = {{"STOA_MAIL_PASSWORD", "env:SMTP_PASSWORD"}};
        const std::string text = explain(loaded());
        CPPUNIT_ASSERT(text.find("env:SMTP_PASSWORD") != std::string::npos);
        CPPUNIT_ASSERT(text.find("STOA_MAIL_PASSWORD") != std::string::npos);
        CPPUNIT_ASSERT(text.find("http.edge") != std::string::npos);
    }

    void settingsReachThePluginAsJson() {
        plugin::Environment environment;
        environment.settings["lowStock"] = 5;
        const auto binding = configCapability()->bind(environment);
        const auto* table = static_cast<const stoa_config*>(binding->table());
        CPPUNIT_ASSERT_EQUAL(std::string("{\"lowStock\":5}"), std::string(text(table->json(table))));
    }

private:
    std::string folder_;
    Sources sources_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConfigTest);

}  // namespace
}  // namespace stoa::host::config
