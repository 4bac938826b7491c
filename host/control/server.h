/// The control socket: stoactl's way into a running host. A line of JSON asks, lines of JSON answer.
///
///     → {"command":"upgrade","arguments":{"file":"order.so"}}
///     ← {"progress":{"step":"probe"}}                            any number of times
///     ← {"result":{…}}    or    {"error":{"code":"…","message":"…","cure":"…","details":…}}
///
/// A connection may ask again after its answer. The folder's README has the shape of each command's result.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <json/value.h>

namespace stoa::host::control {

/// What a command tells whoever waits for it. Throws nothing; a client that has left is not noticed.
class Progress {
public:
    virtual ~Progress() = default;
    /// One thread at a time.
    virtual void report(const Json::Value& step) = 0;
    /// Any thread. False when the client has gone or the server stops: a long command may give up between two steps.
    virtual bool wanted() const = 0;
};

/// Why a command failed, for the operator. stoa::Error is answered as well, with its status's name as the code.
class CommandError : public std::runtime_error {
public:
    /// `details`: for programs, what is known beyond the sentence.
    CommandError(std::string code, const std::string& message, std::string cure, Json::Value details = {})
        : std::runtime_error(message), code_(std::move(code)), cure_(std::move(cure)), details_(std::move(details)) {}
    const std::string& code() const { return code_; }
    const std::string& cure() const { return cure_; }
    const Json::Value& details() const { return details_; }

private:
    std::string code_;
    std::string cure_;
    Json::Value details_;
};

using Command = std::function<Json::Value(const Json::Value& arguments, Progress& progress)>;

/// kAlone: one such command at a time in the whole host, others of the kind wait (upgrade, drain, redrive).
/// kAnytime: beside anything, also while a long one runs (status, plugins …).
enum class Turn { kAlone, kAnytime };

struct ServerOptions {
    std::string path;                                    ///< made with mode 0600; a dead host's socket is replaced
    std::size_t max_line_bytes = 64 << 10;               ///< a longer question ends its connection
    int max_connections = 16;                            ///< beyond: answered "busy" and closed
    std::chrono::milliseconds question_timeout{10'000};  ///< from a question's first byte to its end
    std::chrono::milliseconds idle_timeout{60'000};      ///< between two questions
    std::chrono::milliseconds write_timeout{10'000};     ///< a client that does not read is cut off
};

/// One thread a connection, so that a slow client or a long upgrade hides nothing from the others.
class Server {
public:
    explicit Server(ServerOptions options);
    /// stop() and removes the socket.
    ~Server();

    /// Before start().
    void add(std::string name, Command command, Turn turn = Turn::kAlone);
    /// Throws stoa::Error: STOA_CONFLICT when a living host owns the path, STOA_INVALID when it can't be made.
    void start();
    /// Takes no more questions, lets the commands under way end (their Progress is no longer wanted).
    void stop();
    const std::string& path() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::host::control
