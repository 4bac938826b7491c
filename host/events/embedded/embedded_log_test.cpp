#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "host/events/conformance/log_conformance.h"
#include "host/events/embedded/embedded_log.h"
#include "host/events/embedded/retention.h"

namespace stoa::host::events::embedded {
namespace {

using conformance::Member;

/// A folder that goes with the test.
class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-events-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name = "events.db") const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

EmbeddedOptions quick() {
    EmbeddedOptions options;
    options.heartbeat = std::chrono::milliseconds{100};
    options.lease = std::chrono::milliseconds{600};
    options.kept = std::chrono::milliseconds{600};
    options.offset_flush = std::chrono::milliseconds{20};
    return options;
}

/// Another process: runs `work` after the fork, before any thread of its own exists.
class Child {
public:
    explicit Child(const std::function<void()>& work) : pid_(::fork()) {
        if (pid_ == 0) {
            work();
            ::_exit(0);
        }
    }
    ~Child() { kill(); }
    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            wait();
        }
    }
    int wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }

private:
    pid_t pid_;
};

std::size_t linesOf(const std::string& file) {
    std::ifstream in{file};
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>{in}, {}, '\n'));
}

bool eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

}  // namespace

class EmbeddedLogConformance : public conformance::LogConformance {
    CPPUNIT_TEST_SUB_SUITE(EmbeddedLogConformance, conformance::LogConformance);
    CPPUNIT_TEST_SUITE_END();

protected:
    std::unique_ptr<EventLog> open(const std::string& instance_id) override {
        return openEmbeddedLog(folder_.file(), instance_id, quick());
    }

private:
    Folder folder_;
};

class EmbeddedLogTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EmbeddedLogTest);
    CPPUNIT_TEST(nothingAcknowledgedIsLostWhenTheWriterIsKilled);
    CPPUNIT_TEST(aCommitOfAnotherProcessWakesTheSubscriber);
    CPPUNIT_TEST(thePartitionsOfAKilledMemberAreTakenOver);
    CPPUNIT_TEST(aRestartWithinTheLeaseDisturbsNobody);
    CPPUNIT_TEST(waitingPublishersShareACommit);
    CPPUNIT_TEST(retentionDropsWhatEveryGroupHasRead);
    CPPUNIT_TEST(retentionSaysWhenItDropsWhatAGroupHasNotRead);
    CPPUNIT_TEST(aFolderThatIsMissingIsNamed);
    CPPUNIT_TEST_SUITE_END();

public:
    void nothingAcknowledgedIsLostWhenTheWriterIsKilled() {
        const std::string acknowledged = folder_.file("acknowledged");
        Child writer([&] {
            const auto log = openEmbeddedLog(folder_.file(), "writer", quick());
            const std::vector<TopicSpec> topics{{"t", 2}};
            log->ensureTopics(topics);
            std::ofstream out{acknowledged};
            for (int i = 0;; ++i) {
                const std::string number = std::to_string(i);
                const std::vector<Record> record{{"t", "k", number, {{"n", number}}}};
                if (log->publish(record)[0] == STOA_OK) {
                    out << number << std::endl;
                }
            }
        });
        CPPUNIT_ASSERT(eventually([&] { return linesOf(acknowledged) > 30; }));
        writer.kill();
        const std::size_t count = linesOf(acknowledged);

        const auto log = openEmbeddedLog(folder_.file(), "reader", quick());
        std::vector<Delivery> all = log->browse("t", 0, 0, 1'000'000);
        for (Delivery& delivery : log->browse("t", 1, 0, 1'000'000)) {
            all.push_back(std::move(delivery));
        }
        CPPUNIT_ASSERT(all.size() == count || all.size() == count + 1);  // one may be written, not yet acknowledged
        for (std::size_t i = 0; i < all.size(); ++i) {
            CPPUNIT_ASSERT_EQUAL(std::to_string(i), all[i].record.value);
            CPPUNIT_ASSERT_EQUAL(std::to_string(i), all[i].record.headers[0].second);
        }
        const std::vector<Record> more{{"t", "k", "more", {}}};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, log->publish(more)[0]);
    }

    void aCommitOfAnotherProcessWakesTheSubscriber() {
        const std::string go = folder_.file("go");
        Child writer([&] {
            const auto log = openEmbeddedLog(folder_.file(), "writer", quick());
            const std::vector<TopicSpec> topics{{"t", 1}};
            log->ensureTopics(topics);
            while (!std::filesystem::exists(go)) {
                ::usleep(1000);
            }
            const std::vector<Record> record{{"t", "k", "from elsewhere", {}}};
            log->publish(record);
        });
        const auto reader = member("reader", "group");
        CPPUNIT_ASSERT(reader->pollUntil([&] { return reader->assigned.size() == 1; }));
        std::ofstream{go} << "go";
        CPPUNIT_ASSERT(reader->pollUntil([&] { return reader->got.size() == 1; }));
        CPPUNIT_ASSERT_EQUAL(std::string{"from elsewhere"}, reader->got[0].record.value);
    }

    void thePartitionsOfAKilledMemberAreTakenOver() {
        const std::string assigned = folder_.file("assigned");
        Child other([&] {
            const auto log = openEmbeddedLog(folder_.file(), "host-b", quick());
            const std::vector<TopicSpec> topics{{"t", 4}};
            log->ensureTopics(topics);
            SubscriptionOptions options;
            options.group = "group";
            options.topics = {"t"};
            options.on_assign = [&](const auto& partitions) {
                std::ofstream out{assigned, std::ios::app};
                for (std::size_t i = 0; i < partitions.size(); ++i) {
                    out << "one\n";
                }
            };
            const auto subscription = log->subscribe(options);
            for (;;) {
                subscription->poll(std::chrono::milliseconds{20});
            }
        });
        CPPUNIT_ASSERT(eventually([&] { return linesOf(assigned) == 4; }));
        const auto first = member("host-a", "group");
        CPPUNIT_ASSERT(first->pollUntil([&] { return first->assigned.size() == 2; }));
        other.kill();
        CPPUNIT_ASSERT(first->pollUntil([&] { return first->assigned.size() == 4; }));
    }

    void aRestartWithinTheLeaseDisturbsNobody() {
        const auto log = openEmbeddedLog(folder_.file(), "publisher", quick());
        const std::vector<TopicSpec> topics{{"t", 4}};
        log->ensureTopics(topics);
        const auto stays = member("host-a", "group");
        auto restarts = member("host-b", "group");
        CPPUNIT_ASSERT(stays->pollUntil([&] {
            restarts->subscription->poll(std::chrono::milliseconds{1});
            return stays->assigned.size() == 2 && restarts->assigned.size() == 2;
        }));
        const auto before = stays->assigned;
        restarts->subscription->close(false);
        restarts = nullptr;
        restarts = member("host-b", "group");
        CPPUNIT_ASSERT(restarts->pollUntil([&] { return restarts->assigned.size() == 2; }));
        stays->subscription->poll(std::chrono::milliseconds{1});
        CPPUNIT_ASSERT(stays->assigned == before);
    }

    void waitingPublishersShareACommit() {
        constexpr std::size_t kFollowers = 8;
        GroupWriter writer(folder_.file("group.db"));
        writer.run([](Connection& connection) { connection.execute("CREATE TABLE t (n INTEGER)"); }, Durability::kDisk);
        std::mutex mutex;
        Connection observer(folder_.file("group.db"));
        const auto committed = [&] {
            const std::lock_guard lock(mutex);
            Statement count = observer.prepare("SELECT count(*) FROM t");
            return count.step() ? count.integer(0) : -1;
        };
        std::atomic<bool> holding{false};
        std::thread first([&] {
            writer.run(
                [&](Connection&) {
                    holding = true;
                    CPPUNIT_ASSERT(eventually([&] { return writer.waiting() == kFollowers; }));
                },
                Durability::kDisk);
        });
        CPPUNIT_ASSERT(eventually([&] { return holding.load(); }));
        std::atomic<std::int64_t> seen_by_others{0};
        std::vector<std::thread> followers;
        for (std::size_t i = 0; i < kFollowers; ++i) {
            followers.emplace_back([&] {
                writer.run(
                    [&](Connection& connection) {
                        connection.execute("INSERT INTO t (n) VALUES (1)");
                        seen_by_others += committed();
                    },
                    Durability::kDisk);
            });
        }
        first.join();
        for (std::thread& follower : followers) {
            follower.join();
        }
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, seen_by_others.load());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{kFollowers}, committed());
    }

    void retentionDropsWhatEveryGroupHasRead() {
        EmbeddedOptions options = quick();
        options.retention_age = std::chrono::hours{0};
        LogFile file(folder_.file(), options);
        const auto log = openEmbeddedLog(folder_.file(), "publisher", quick());
        const std::vector<TopicSpec> topics{{"t", 1}};
        log->ensureTopics(topics);
        const auto reader = member("host-a", "group");
        publish(*log, 10);
        CPPUNIT_ASSERT(reader->pollUntil([&] { return reader->got.size() == 4; }));
        reader->subscription->close(true);
        applyRetention(file);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{4}, log->topics({"t"})[0].begin[0]);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{10}, log->topics({"t"})[0].end[0]);
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, log->browse("t", 0, 0, 100).size());
    }

    void retentionSaysWhenItDropsWhatAGroupHasNotRead() {
        EmbeddedOptions options = quick();
        options.retention_bytes = 200'000;
        const auto log = openEmbeddedLog(folder_.file(), "publisher", quick());
        const std::vector<TopicSpec> topics{{"t", 1}};
        log->ensureTopics(topics);
        const auto reader = member("host-a", "group");
        publish(*log, 2);
        CPPUNIT_ASSERT(reader->pollUntil([&] { return reader->got.size() == 2; }));
        reader->subscription->close(false);
        publish(*log, 2000);
        {
            LogFile file(folder_.file(), options);
            applyRetention(file);
        }
        const std::int64_t begin = log->topics({"t"})[0].begin[0];
        CPPUNIT_ASSERT(begin > 2);
        publish(*log, 1);
        const auto again = member("host-a", "group");
        CPPUNIT_ASSERT(again->pollUntil([&] { return !again->got.empty(); }));
        CPPUNIT_ASSERT_EQUAL(begin, again->got[0].offset);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, again->notices.size());
        CPPUNIT_ASSERT(again->notices[0].find(std::to_string(begin - 2) + " records of t/0") != std::string::npos);
    }

    void aFolderThatIsMissingIsNamed() {
        try {
            openEmbeddedLog(folder_.file("missing/events.db"), "host-a");
            CPPUNIT_FAIL("opened");
        } catch (const Error& error) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, error.status());
            CPPUNIT_ASSERT(std::string{error.what()}.find("missing/events.db") != std::string::npos);
        }
    }

private:
    std::unique_ptr<Member> member(const std::string& host, const std::string& group) {
        auto member = std::make_unique<Member>();
        Member* self = member.get();
        member->log = openEmbeddedLog(folder_.file(), host, quick());
        SubscriptionOptions options;
        options.group = group;
        options.topics = {"t"};
        options.on_assign = [self](const auto& names) { self->assigned.insert(names.begin(), names.end()); };
        options.on_revoke = [self](const auto& names) {
            for (const auto& name : names) {
                self->assigned.erase(name);
            }
        };
        options.on_notice = [self](const std::string& notice) { self->notices.push_back(notice); };
        member->subscription = member->log->subscribe(std::move(options));
        return member;
    }

    static void publish(EventLog& log, int count) {
        std::vector<Record> records;
        records.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            records.push_back({"t", "k", std::string(200, 'x'), {}});
        }
        for (const stoa_status status : log.publish(records)) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, status);
        }
    }

    Folder folder_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EmbeddedLogConformance);
CPPUNIT_TEST_SUITE_REGISTRATION(EmbeddedLogTest);

}  // namespace stoa::host::events::embedded
