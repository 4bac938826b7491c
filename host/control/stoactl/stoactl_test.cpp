#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>
#include <filesystem>

#include <stoa/json.h>

#include "host/control/server.h"
#include "host/control/socket.h"
#include "host/control/stoactl/client.h"
#include "host/control/stoactl/command_line.h"
#include "host/control/stoactl/table.h"

namespace stoa::stoactl {
namespace {

namespace fs = std::filesystem;

class StoactlTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StoactlTest);
    CPPUNIT_TEST(argumentsBecomeQuestions);
    CPPUNIT_TEST(wrongArgumentsSayHowItIsWritten);
    CPPUNIT_TEST(helpIsThereForAllAndForEach);
    CPPUNIT_TEST(anAnswerAndItsProgressArrive);
    CPPUNIT_TEST(aRefusalArrivesWithItsCure);
    CPPUNIT_TEST(noHostIsSaidSo);
    CPPUNIT_TEST(theSocketIsFoundWhereHostsPutIt);
    CPPUNIT_TEST(rowsAreShownAsATable);
    CPPUNIT_TEST(statusIsShownWithItsPlugins);
    CPPUNIT_TEST(answersOfAnotherShapeAreShownAllTheSame);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (fs::temp_directory_path() / "stoactl-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    void tearDown() override { fs::remove_all(folder_); }

    static std::string asked(const std::vector<std::string>& arguments) {
        const Parsed parsed = parse(arguments, "/here");
        if (const auto* question = std::get_if<Question>(&parsed)) {
            return question->command + " " + writeJson(question->arguments) + (question->json ? " json" : "") +
                   question->socket;
        }
        return std::holds_alternative<Help>(parsed) ? "help " + std::get<Help>(parsed).text
                                                    : "usage " + std::get<Usage>(parsed).text;
    }

    void argumentsBecomeQuestions() {
        CPPUNIT_ASSERT_EQUAL(std::string("status {}"), asked({"status"}));
        CPPUNIT_ASSERT_EQUAL(std::string("plugins {} json/s"), asked({"--json", "plugins", "--socket", "/s"}));
        CPPUNIT_ASSERT_EQUAL(std::string("plugins {}/s"), asked({"--socket=/s", "plugins"}));
        CPPUNIT_ASSERT_EQUAL(std::string("dlq list {}"), asked({"dlq", "list"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(dlq list {"service":"order"})"), asked({"dlq", "list", "order"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(dlq show {"id":"order/t/0/1"})"), asked({"dlq", "show", "order/t/0/1"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(dlq redrive {"id":"x"})"), asked({"dlq", "redrive", "x"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(dlq redrive {"all":true,"service":"order"})"),
                             asked({"dlq", "redrive", "--all", "order"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(upgrade {"file":"/here/order.so"})"), asked({"upgrade", "./order.so"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(upgrade {"file":"/o.so","fleet":true,"pause":10000,"wave":2})"),
                             asked({"upgrade", "/o.so", "--fleet", "--wave=2", "--pause", "10s"}));
        CPPUNIT_ASSERT(asked({"upgrade", "/o.so", "--wave", "2"}).starts_with("usage stoactl: --wave and --pause"));
        CPPUNIT_ASSERT(asked({"upgrade", "/o.so", "--fleet", "--wave", "all"}).find("a whole number") < 200);
        CPPUNIT_ASSERT_EQUAL(std::string(R"(upgrade {"file":"/o.so"})"), asked({"upgrade", "/o.so"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(drain {"leave":true})"), asked({"drain", "--leave"}));
        CPPUNIT_ASSERT_EQUAL(std::string("drain {}"), asked({"drain"}));
        CPPUNIT_ASSERT_EQUAL(
            std::string(R"(upgrade {"canary":1000,"events":true,"file":"/o.so","for":90000,"warm":0})"),
            asked({"upgrade", "/o.so", "--canary", "10%", "--for=1.5m", "--events", "--warm", "0s"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(config set {"service":"order","values":["a=1","b=2"]})"),
                             asked({"config", "set", "order", "a=1", "b=2"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(rollback {"service":"order"})"), asked({"rollback", "order"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(parked retry {"position":7,"service":"order"})"),
                             asked({"parked", "retry", "order", "7"}));
        CPPUNIT_ASSERT_EQUAL(std::string("parked {}"), asked({"parked"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(new {"name":"loyalty"})"), asked({"new", "loyalty"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(new {"dir":"/p","name":"loyalty"})"),
                             asked({"new", "--dir", "/p", "loyalty"}));
    }

    void wrongArgumentsSayHowItIsWritten() {
        for (const std::vector<std::string>& wrong :
             std::vector<std::vector<std::string>>{{"upgrade"},
                                                   {"upgrade", "a", "b"},
                                                   {"dlq", "show"},
                                                   {"dlq", "redrive"},
                                                   {"drain", "--all"},
                                                   {"status", "extra"},
                                                   {"status", "--leave"},
                                                   {"status", "--dir", "/p"},
                                                   {"new"},
                                                   {"new", "loyalty", "points"},
                                                   {"upgrade", "a.so", "--canary", "ten"},
                                                   {"upgrade", "a.so", "--canary", "200%"},
                                                   {"upgrade", "a.so", "--for"},
                                                   {"upgrade", "a.so", "--for", "5 apples"},
                                                   {"rollback"},
                                                   {"config", "set", "order"},
                                                   {"parked", "retry", "order", "x"},
                                                   {"status", "--socket"}}) {
            const std::string text = asked(wrong);
            CPPUNIT_ASSERT_MESSAGE(text, text.starts_with("usage stoactl: "));
            CPPUNIT_ASSERT_MESSAGE(text, text.find("usage: stoactl " + wrong[0]) != std::string::npos);
        }
        CPPUNIT_ASSERT(asked({"dlq"}).find("stoactl dlq redrive [ID] [OPTION…]") != std::string::npos);
        CPPUNIT_ASSERT(asked({"nonsense"}).find("there is no command \"nonsense\"") != std::string::npos);
        CPPUNIT_ASSERT(asked({}).starts_with("usage usage: stoactl"));
    }

    void helpIsThereForAllAndForEach() {
        CPPUNIT_ASSERT(asked({"--help"}).find("dlq redrive") != std::string::npos);
        CPPUNIT_ASSERT(asked({"help"}).starts_with("help usage: stoactl"));
        CPPUNIT_ASSERT(asked({"drain", "--help"}).find("give event partitions to other hosts at once") !=
                       std::string::npos);
        CPPUNIT_ASSERT(asked({"help", "dlq", "show"}).find("usage: stoactl dlq show ID") != std::string::npos);
        CPPUNIT_ASSERT(asked({"--version"}).starts_with("help stoactl "));
    }

    void anAnswerAndItsProgressArrive() {
        host::control::Server server(options());
        server.add("upgrade", [](const Json::Value& arguments, host::control::Progress& progress) {
            Json::Value step;
            step["step"] = "probe";
            progress.report(step);
            return arguments;
        });
        server.start();
        std::string steps;
        Json::Value arguments;
        arguments["file"] = "/o.so";
        const auto answer =
            ask(server.path(), "upgrade", arguments, [&](const Json::Value& step) { steps += renderProgress(step); });
        CPPUNIT_ASSERT(answer.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("/o.so"), (*answer)["file"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("probe"), steps);
    }

    void aRefusalArrivesWithItsCure() {
        host::control::Server server(options());
        server.start();
        const auto answer = ask(server.path(), "nothing", Json::Value(Json::objectValue), {});
        CPPUNIT_ASSERT(!answer.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("unknown_command"), answer.error().code);
    }

    void noHostIsSaidSo() {
        try {
            ask(folder_ + "/none.sock", "status", {}, {});
            CPPUNIT_FAIL("answered");
        } catch (const Unreachable& failure) {
            CPPUNIT_ASSERT(std::string(failure.what()).find("no host answers at") != std::string::npos);
        }
    }

    void theSocketIsFoundWhereHostsPutIt() {
        CPPUNIT_ASSERT_EQUAL(std::string("/given"), findSocket("/given", "/variable", folder_));
        CPPUNIT_ASSERT_EQUAL(std::string("/variable"), findSocket("", "/variable", folder_));
        fs::create_directories(folder_ + "/build/run/shop/state");
        fs::create_directories(folder_ + "/build/run/sandbox");
        const auto shop = host::control::listenAt(folder_ + "/build/run/shop/state/control.sock");
        CPPUNIT_ASSERT_EQUAL(folder_ + "/build/run/shop/state/control.sock", findSocket("", "", folder_));
        host::control::listenAt(folder_ + "/build/run/control.sock");  // as a host that was killed leaves it
        CPPUNIT_ASSERT_EQUAL(folder_ + "/build/run/shop/state/control.sock", findSocket("", "", folder_));
        const auto sandbox = host::control::listenAt(folder_ + "/build/run/sandbox/control.sock");
        try {
            findSocket("", nullptr, folder_);
            CPPUNIT_FAIL("chose one of two");
        } catch (const Unreachable& failure) {
            CPPUNIT_ASSERT(std::string(failure.what()).find("sandbox/control.sock") != std::string::npos);
        }
    }

    void rowsAreShownAsATable() {
        const auto rows = parseJson(R"([{"service":"order","topic":"a.b","key":"k","tries":2,"position":12,
            "next_try":"held","reason":"bad\u001b[2J","event_id":"e"}])");
        CPPUNIT_ASSERT_EQUAL(std::string("SERVICE  POSITION  TOPIC  KEY  EVENT  TRIES  NEXT TRY  REASON\n"
                                         "order    12        a.b    k    e      2      held      bad\\x1b[2J\n"),
                             render("parked", *rows));
        CPPUNIT_ASSERT_EQUAL(std::string("nothing is parked\n"), render("parked", Json::Value(Json::arrayValue)));
        const auto topics = parseJson(
            R"([{"name":"a.b","partitions":8,"records":5,"groups":[{"group":"order","lag":3},{"group":"x","lag":0}]}])");
        CPPUNIT_ASSERT(render("topics", *topics).find("order=3, x=0") != std::string::npos);
    }

    void statusIsShownWithItsPlugins() {
        const auto status = parseJson(R"({"host_id":"h","problem":"","listeners":{"edge":"127.0.0.1:8080"},
            "plugins":[{"name":"order","state":"active","generation":1,"memory_bytes":1677721},
                       {"name":"user","state":"active","generation":2,"memory_bytes":20480}]})");
        const std::string text = render("status", *status);
        CPPUNIT_ASSERT(text.find("host_id    h\n") != std::string::npos);
        CPPUNIT_ASSERT(text.find("  edge  127.0.0.1:8080\n") != std::string::npos);
        CPPUNIT_ASSERT(text.find("problem") == std::string::npos);
        CPPUNIT_ASSERT(text.find("order  -        1    active") != std::string::npos);
        CPPUNIT_ASSERT(text.find("1.6 MiB") != std::string::npos);
        CPPUNIT_ASSERT(text.find("20 KiB") != std::string::npos);
    }

    void answersOfAnotherShapeAreShownAllTheSame() {
        CPPUNIT_ASSERT_EQUAL(std::string("done\n"), render("drain", Json::Value()));
        CPPUNIT_ASSERT_EQUAL(std::string("odd\n"), render("plugins", Json::Value("odd")));
        CPPUNIT_ASSERT_EQUAL(std::string("1, 2\n"), render("new", *parseJson("[1,2]")));
        CPPUNIT_ASSERT(render("plugins", *parseJson("[1]")).find("NAME") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("step 1: half"),
                             renderProgress(*parseJson(R"({"step":"step 1","detail":"half"})")));
    }

private:
    host::control::ServerOptions options() const {
        host::control::ServerOptions made;
        made.path = folder_ + "/control.sock";
        return made;
    }

    std::string folder_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(StoactlTest);

}  // namespace
}  // namespace stoa::stoactl
