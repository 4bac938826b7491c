#include "host/control/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/control/socket.h"
#include "host/observe/log.h"

namespace stoa::host::control {
namespace {

struct Registered {
    Command command;
    Turn turn;
};

Json::Value failure(const std::string& code, const std::string& message, const std::string& cure) {
    Json::Value answer;
    answer["error"]["code"] = code;
    answer["error"]["message"] = message;
    answer["error"]["cure"] = cure;
    return answer;
}

std::string lineOf(const Json::Value& value) { return writeJson(value) + '\n'; }

class LineProgress : public Progress {
public:
    LineProgress(int socket, Milliseconds wait, const std::atomic<bool>& stopping)
        : socket_(socket), wait_(wait), stopping_(stopping) {}

    void report(const Json::Value& step) override {
        Json::Value line;
        line["progress"] = step;
        if (!lost_ && !writeAll(socket_, lineOf(line), wait_)) {
            lost_ = true;
        }
    }
    bool wanted() const override { return !lost_ && !stopping_ && !hasLeft(socket_); }

private:
    int socket_;
    Milliseconds wait_;
    const std::atomic<bool>& stopping_;
    std::atomic<bool> lost_{false};
};

}  // namespace

class Server::Impl {
public:
    explicit Impl(ServerOptions options) : options_(std::move(options)) {}

    void add(std::string name, Command command, Turn turn) { commands_[std::move(name)] = {std::move(command), turn}; }

    void start() {
        listener_ = listenAt(options_.path);
        ::lstat(options_.path.c_str(), &made_);
        stop_event_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        acceptor_ = std::thread([this] { acceptAll(); });
    }

    void stop() {
        if (!acceptor_.joinable()) {
            return;
        }
        stopping_ = true;
        const std::uint64_t one = 1;
        // Can't fail: the counter is far from full.
        [[maybe_unused]] const ssize_t written = ::write(stop_event_.get(), &one, sizeof one);
        acceptor_.join();
        for (Connection& connection : connections_) {
            connection.thread.join();
        }
        connections_.clear();
        listener_ = Descriptor();
        // Only our own: another host may have replaced it after this one was thought dead.
        struct stat now {};
        if (::lstat(options_.path.c_str(), &now) == 0 && now.st_ino == made_.st_ino && now.st_dev == made_.st_dev) {
            ::unlink(options_.path.c_str());
        }
    }

    const std::string& path() const { return options_.path; }

private:
    struct Connection {
        std::thread thread;
        std::atomic<bool> done{false};
    };

    void acceptAll() {
        while (true) {
            pollfd waits[] = {{listener_.get(), POLLIN, 0}, {stop_event_.get(), POLLIN, 0}};
            if (::poll(waits, 2, -1) < 0) {
                continue;  // interrupted
            }
            if (stopping_) {
                return;
            }
            Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!socket) {
                // Out of descriptors: the connection stays in the backlog, so that polling again would spin.
                ::poll(&waits[1], 1, 100);
                continue;
            }
            reap();
            if (connections_.size() >= static_cast<std::size_t>(options_.max_connections)) {
                writeAll(socket.get(),
                         lineOf(failure("busy", "too many control connections are open",
                                        "close the others, or try again later")),
                         Milliseconds{0});
                continue;
            }
            begin(std::move(socket));
        }
    }

    void begin(Descriptor socket) {
        Connection& connection = connections_.emplace_back();
        try {
            connection.thread = std::thread([this, &connection, held = std::move(socket)]() mutable {
                serve(Descriptor(std::move(held)).get());
                connection.done = true;
            });
        } catch (const std::system_error& error) {
            connections_.pop_back();
            observe::error("no thread for a control connection", {{"reason", error.what()}});
        }
    }

    void reap() {
        for (auto connection = connections_.begin(); connection != connections_.end();) {
            if (connection->done) {
                connection->thread.join();
                connection = connections_.erase(connection);
            } else {
                ++connection;
            }
        }
    }

    void serve(int socket) {
        LineReader reader(socket, stop_event_.get(), options_.max_line_bytes);
        std::string line;
        while (true) {
            const ReadEnd end = reader.next(line, options_.idle_timeout, options_.question_timeout);
            if (end == ReadEnd::kTooLong) {
                const auto answer =
                    failure("too_long", fmt::format("a question has more than {} bytes", options_.max_line_bytes),
                            "send one JSON object on one line");
                writeAll(socket, lineOf(answer), options_.write_timeout);
            }
            if (end != ReadEnd::kLine || !writeAll(socket, lineOf(answer(line, socket)), options_.write_timeout)) {
                return;
            }
        }
    }

    Json::Value answer(const std::string& line, int socket) {
        const auto question = parseJson(line);
        if (!question || !question->isObject() || !(*question)["command"].isString() ||
            !((*question)["arguments"].isNull() || (*question)["arguments"].isObject())) {
            return failure("bad_request",
                           fmt::format("this is no question: {}",
                                       question ? "not an object with command and arguments" : question.error()),
                           R"(ask as {"command":"status","arguments":{}})");
        }
        const std::string name = (*question)["command"].asString();
        const auto known = commands_.find(name);
        if (known == commands_.end()) {
            std::string names;
            for (const auto& [each, registered] : commands_) {
                names += (names.empty() ? "" : ", ") + each;
            }
            return failure("unknown_command", fmt::format("this host knows no command \"{}\"", name),
                           fmt::format("it knows {}", names));
        }
        Json::Value arguments = (*question)["arguments"];
        if (arguments.isNull()) {
            arguments = Json::Value(Json::objectValue);
        }
        return run(name, known->second, arguments, socket);
    }

    Json::Value run(const std::string& name, const Registered& registered, const Json::Value& arguments, int socket) {
        LineProgress progress(socket, options_.write_timeout, stopping_);
        try {
            std::unique_lock turn(alone_, std::defer_lock);
            if (registered.turn == Turn::kAlone) {
                turn.lock();
            }
            Json::Value answer;
            answer["result"] = registered.command(arguments, progress);
            return answer;
        } catch (const CommandError& error) {
            Json::Value answer = failure(error.code(), error.what(), error.cure());
            if (!error.details().isNull()) {
                answer["error"]["details"] = error.details();
            }
            return answer;
        } catch (const Error& error) {
            return failure(std::string(statusName(error.status())), error.what(),
                           error.retryable() ? "try again later" : "");
        } catch (const std::exception& error) {
            observe::error("a control command failed", {{"command", name}, {"reason", error.what()}});
            return failure("internal", error.what(), "the host's log has a line about it");
        }
    }

    ServerOptions options_;
    std::map<std::string, Registered> commands_;
    Descriptor listener_;
    Descriptor stop_event_;
    struct stat made_ {};
    std::atomic<bool> stopping_{false};
    std::mutex alone_;
    std::thread acceptor_;
    std::list<Connection> connections_;  // the acceptor's; stop()'s after it has ended
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Server::~Server() { stop(); }

void Server::add(std::string name, Command command, Turn turn) {
    impl_->add(std::move(name), std::move(command), turn);
}

void Server::start() { impl_->start(); }

void Server::stop() { impl_->stop(); }

const std::string& Server::path() const { return impl_->path(); }

}  // namespace stoa::host::control
