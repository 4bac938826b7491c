/// One change of a service at a time: an upgrade, a rollback, a new configuration.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace stoa::host::app {

/// Any thread.
class Turns {
public:
    /// Held while a change is under way.
    class Turn {
    public:
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        /// Why it shall give up, or empty. Looked at where it waits.
        std::string givenUp() const;
        const std::string& service() const { return service_; }

    private:
        friend class Turns;
        Turn(Turns& turns, std::string service, std::string what);
        Turns& turns_;
        std::string service_;
        std::string what_;
        std::string given_up_;
    };

    /// Throws stoa::Error STOA_CONFLICT, naming what is under way.
    std::unique_ptr<Turn> take(const std::string& service, const std::string& what);
    /// Asks what is under way for the service to give up. False when nothing is.
    bool giveUp(const std::string& service, const std::string& why);
    /// The host stops: asks all, and waits until they have ended, at most for `limit`. Later ones are refused.
    void close(const std::string& why, std::chrono::milliseconds limit);

private:
    mutable std::mutex mutex_;
    std::condition_variable ended_;
    std::string closed_;  ///< why no more are taken, or empty
    std::map<std::string, Turn*> running_;
};

}  // namespace stoa::host::app
