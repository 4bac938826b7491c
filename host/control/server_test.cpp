#include "host/control/server.h"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/control/socket.h"

namespace stoa::host::control {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A client that may misbehave.
class Client {
public:
    explicit Client(const std::string& path) : socket_(connectTo(path)), reader_(socket_.get(), -1, 1 << 20) {}

    void write(std::string_view bytes) { writeAll(socket_.get(), bytes, 5000ms); }
    /// The next line, or what ended the connection.
    std::string read() {
        std::string line;
        switch (reader_.next(line, 5000ms, 5000ms)) {
            case ReadEnd::kLine:
                return line;
            case ReadEnd::kClosed:
                return "closed";
            default:
                return "nothing";
        }
    }
    std::string ask(const std::string& question) {
        write(question + "\n");
        return read();
    }
    void close() { socket_ = Descriptor(); }

private:
    Descriptor socket_;
    LineReader reader_;
};

/// Something that is waited for across threads.
class Signal {
public:
    void set() {
        const std::lock_guard lock(mutex_);
        on_ = true;
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        CPPUNIT_ASSERT(changed_.wait_for(lock, 20s, [this] { return on_; }));
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool on_ = false;
};

class ServerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ServerTest);
    CPPUNIT_TEST(aQuestionGetsItsAnswerAndTheNextOneToo);
    CPPUNIT_TEST(progressComesBeforeTheResult);
    CPPUNIT_TEST(failuresHaveCodeMessageAndCure);
    CPPUNIT_TEST(onlyTheOwnerMayConnect);
    CPPUNIT_TEST(aDeadHostsSocketIsReplacedALivingOnesIsNot);
    CPPUNIT_TEST(aFileInTheWayIsNotRemoved);
    CPPUNIT_TEST(aNameThatIsTooLongIsRefused);
    CPPUNIT_TEST(aFolderMayBeDeeperThanAnAddressIsLong);
    CPPUNIT_TEST(badQuestionsAreAnsweredAndTheConnectionStays);
    CPPUNIT_TEST(aHugeLineEndsItsConnectionOnly);
    CPPUNIT_TEST(aQuestionThatNeverEndsTimesOut);
    CPPUNIT_TEST(aClientThatDoesNotReadIsCutOff);
    CPPUNIT_TEST(statusIsAnsweredWhileALongCommandRuns);
    CPPUNIT_TEST(commandsThatNeedToBeAloneWaitForEachOther);
    CPPUNIT_TEST(aCommandLearnsThatItsClientHasLeft);
    CPPUNIT_TEST(tooManyConnectionsAreToldSo);
    CPPUNIT_TEST(stopLetsTheRunningCommandAnswerAndRemovesTheSocket);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (fs::temp_directory_path() / "stoa-control-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        options_ = {};
        options_.path = folder_ + "/control.sock";
    }
    void tearDown() override {
        server_.reset();
        fs::remove_all(folder_);
    }

    Server& server() {
        if (!server_) {
            server_ = std::make_unique<Server>(options_);
            server_->add(
                "echo", [](const Json::Value& arguments, Progress&) { return arguments; }, Turn::kAnytime);
        }
        return *server_;
    }

    std::unique_ptr<Client> client() { return std::make_unique<Client>(options_.path); }

    void aQuestionGetsItsAnswerAndTheNextOneToo() {
        server().start();
        const auto one = client();
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{"a":1}})"),
                             one->ask(R"({"command":"echo","arguments":{"a":1}})"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{}})"), one->ask(R"({"command":"echo"})"));
        one->write("{\"command\":\"echo\"}\n{\"command\":\"echo\",\"arguments\":{\"b\":2}}\n");
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{}})"), one->read());
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{"b":2}})"), one->read());
    }

    void progressComesBeforeTheResult() {
        server().add("upgrade", [](const Json::Value&, Progress& progress) {
            Json::Value step;
            step["step"] = "probe";
            progress.report(step);
            return Json::Value("done");
        });
        server().start();
        const auto one = client();
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"progress":{"step":"probe"}})"), one->ask(R"({"command":"upgrade"})"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":"done"})"), one->read());
    }

    void failuresHaveCodeMessageAndCure() {
        server().add("a", [](const Json::Value&, Progress&) -> Json::Value { throw CommandError("x", "y", "z"); });
        server().add("b", [](const Json::Value&, Progress&) -> Json::Value { throw Error(STOA_CONFLICT, "taken"); });
        server().add("c", [](const Json::Value& arguments, Progress&) { return Json::Value(arguments["n"].asInt()); });
        server().start();
        const auto one = client();
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"error":{"code":"x","cure":"z","message":"y"}})"),
                             one->ask(R"({"command":"a"})"));
        const auto conflict = parseJson(one->ask(R"({"command":"b"})")).value();
        CPPUNIT_ASSERT_EQUAL(std::string("conflict"), conflict["error"]["code"].asString());
        const auto internal = parseJson(one->ask(R"({"command":"c","arguments":{"n":"no number"}})")).value();
        CPPUNIT_ASSERT_EQUAL(std::string("internal"), internal["error"]["code"].asString());
        const auto unknown = parseJson(one->ask(R"({"command":"d"})")).value();
        CPPUNIT_ASSERT_EQUAL(std::string("unknown_command"), unknown["error"]["code"].asString());
        CPPUNIT_ASSERT(unknown["error"]["cure"].asString().find("echo") != std::string::npos);
    }

    void onlyTheOwnerMayConnect() {
        server().start();
        struct stat made {};
        CPPUNIT_ASSERT_EQUAL(0, ::lstat(options_.path.c_str(), &made));
        CPPUNIT_ASSERT(S_ISSOCK(made.st_mode));
        CPPUNIT_ASSERT_EQUAL(mode_t{0600}, static_cast<mode_t>(made.st_mode & 0777));
        CPPUNIT_ASSERT(!fs::exists(options_.path + ".new"));
    }

    void aDeadHostsSocketIsReplacedALivingOnesIsNot() {
        { const Descriptor dead = listenAt(options_.path); }
        CPPUNIT_ASSERT(fs::exists(options_.path));
        server().start();
        Server second(options_);
        try {
            second.start();
            CPPUNIT_FAIL("took the socket of a living host");
        } catch (const Error& error) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, error.status());
        }
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{}})"), client()->ask(R"({"command":"echo"})"));
    }

    void aFileInTheWayIsNotRemoved() {
        std::ofstream(options_.path) << "precious";
        CPPUNIT_ASSERT_THROW(server().start(), Error);
        CPPUNIT_ASSERT_EQUAL(std::uintmax_t{8}, fs::file_size(options_.path));
    }

    void aNameThatIsTooLongIsRefused() {
        options_.path = folder_ + "/" + std::string(200, 'x');
        CPPUNIT_ASSERT_THROW(server().start(), Error);
    }

    void aFolderMayBeDeeperThanAnAddressIsLong() {
        const std::string deep = folder_ + "/" + std::string(100, 'a') + "/" + std::string(100, 'b');
        fs::create_directories(deep);
        options_.path = deep + "/control.sock";
        server().start();
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{}})"), client()->ask(R"({"command":"echo"})"));
    }

    void badQuestionsAreAnsweredAndTheConnectionStays() {
        server().start();
        const auto one = client();
        for (const char* bad :
             {"", "nonsense", "[]", "{}", "{\"command\":1}", "{\"command\":\"echo\",\"arguments\":[]}",
              "{\"command\":\"echo\",\"command\":\"echo\"}", "{\"command\":\"\xff\"}"}) {
            const auto answer = parseJson(one->ask(bad));
            CPPUNIT_ASSERT_MESSAGE(bad, answer.has_value());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(bad, std::string("bad_request"), (*answer)["error"]["code"].asString());
        }
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{}})"), one->ask(R"({"command":"echo"})"));
    }

    void aHugeLineEndsItsConnectionOnly() {
        options_.max_line_bytes = 1024;
        server().start();
        const auto other = client();
        const auto one = client();
        one->write(std::string(100'000, 'x'));
        CPPUNIT_ASSERT(one->read().find("too_long") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("closed"), one->read());
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{}})"), other->ask(R"({"command":"echo"})"));
    }

    void aQuestionThatNeverEndsTimesOut() {
        options_.question_timeout = 50ms;
        server().start();
        const auto one = client();
        one->write("{\"command\":");
        CPPUNIT_ASSERT_EQUAL(std::string("closed"), one->read());
    }

    void aClientThatDoesNotReadIsCutOff() {
        options_.write_timeout = 50ms;
        Signal cut_off;
        server().add("flood", [&](const Json::Value&, Progress& progress) {
            while (progress.wanted()) {
                progress.report(std::string(10'000, 'x'));
            }
            cut_off.set();
            return Json::Value();
        });
        server().start();
        const auto one = client();
        one->write("{\"command\":\"flood\"}\n");
        cut_off.wait();
    }

    void statusIsAnsweredWhileALongCommandRuns() {
        Signal go;
        Signal running;
        server().add("long", [&](const Json::Value&, Progress&) {
            running.set();
            go.wait();
            return Json::Value("long");
        });
        server().start();
        const auto one = client();
        one->write("{\"command\":\"long\"}\n");
        running.wait();
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{}})"), client()->ask(R"({"command":"echo"})"));
        go.set();
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":"long"})"), one->read());
    }

    void commandsThatNeedToBeAloneWaitForEachOther() {
        std::atomic<int> inside{0};
        std::atomic<int> most{0};
        Signal go;
        server().add("alone", [&](const Json::Value&, Progress&) {
            most = std::max<int>(most, ++inside);
            go.wait();
            --inside;
            return Json::Value();
        });
        server().start();
        const auto one = client();
        const auto two = client();
        one->write("{\"command\":\"alone\"}\n");
        two->write("{\"command\":\"alone\"}\n");
        client()->ask(R"({"command":"echo"})");
        go.set();
        one->read();
        two->read();
        CPPUNIT_ASSERT_EQUAL(1, most.load());
    }

    void aCommandLearnsThatItsClientHasLeft() {
        Signal running;
        Signal noticed;
        server().add("long", [&](const Json::Value&, Progress& progress) {
            running.set();
            while (progress.wanted()) {
                std::this_thread::yield();
            }
            noticed.set();
            return Json::Value();
        });
        server().start();
        const auto one = client();
        one->write("{\"command\":\"long\"}\n");
        running.wait();
        one->close();
        noticed.wait();
    }

    void tooManyConnectionsAreToldSo() {
        options_.max_connections = 2;
        server().start();
        auto one = client();
        const auto two = client();
        one->ask(R"({"command":"echo"})");
        two->ask(R"({"command":"echo"})");
        CPPUNIT_ASSERT(client()->read().find("busy") != std::string::npos);
        one.reset();
        // The place is free as soon as the server has noticed.
        std::string answer = "busy";
        while (answer.find("busy") != std::string::npos || answer == "closed") {
            answer = client()->ask(R"({"command":"echo"})");
        }
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":{}})"), answer);
    }

    void stopLetsTheRunningCommandAnswerAndRemovesTheSocket() {
        Signal running;
        server().add("long", [&](const Json::Value&, Progress& progress) {
            running.set();
            while (progress.wanted()) {
                std::this_thread::yield();
            }
            return Json::Value("ended");
        });
        server().start();
        const auto idle = client();
        const auto one = client();
        one->write("{\"command\":\"long\"}\n");
        running.wait();
        server().stop();
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"result":"ended"})"), one->read());
        CPPUNIT_ASSERT_EQUAL(std::string("closed"), idle->read());
        CPPUNIT_ASSERT(!fs::exists(options_.path));
    }

private:
    std::string folder_;
    ServerOptions options_;
    std::unique_ptr<Server> server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServerTest);

}  // namespace
}  // namespace stoa::host::control
