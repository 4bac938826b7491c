#include "host/mail/log_mailer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include <fmt/format.h>

#include <stoa/time.h>

#include "host/mail/compose.h"
#include "host/observe/json_text.h"
#include "host/observe/log.h"

namespace stoa::host::mail {

LogMailer::LogMailer(const MailOptions& options) : from_(options.from), path_(options.file) {
    if (path_.empty()) {
        return;
    }
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file_ < 0) {
        throw Error(STOA_INVALID, fmt::format("mail.file {}: {}; give a file in a folder that this user may write",
                                              path_, std::generic_category().message(errno)));
    }
}

LogMailer::~LogMailer() {
    if (file_ >= 0) {
        ::close(file_);
    }
}

std::string LogMailer::describe() const { return path_.empty() ? "log:" : "log: and " + path_; }

Outcome LogMailer::send(const Message& message, std::optional<Deadline>) noexcept {
    try {
        if (std::string wrong = check(message); !wrong.empty()) {
            return {STOA_INVALID, false, std::move(wrong)};
        }
        if (file_ >= 0 && !keep(message)) {
            return {STOA_UNAVAILABLE, true, fmt::format("mail.file {} can't be written; is the disk full?", path_)};
        }
        observe::info(
            "mail not sent: mail.url is log:",
            {{"message_id", message.message_id}, {"bytes", std::to_string(message.text.size() + message.html.size())}});
        return {STOA_OK, true, {}};
    } catch (const std::exception& error) {
        return {STOA_INTERNAL, false, error.what()};
    }
}

bool LogMailer::keep(const Message& message) {
    const auto now = std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
    std::string line = "{\"ts\":\"" + formatTime(now) + '"';
    const std::pair<const char*, const std::string&> members[] = {
        {"message_id", message.message_id}, {"from", from_},        {"to", message.to},
        {"subject", message.subject},       {"text", message.text}, {"html", message.html}};
    for (const auto& [name, value] : members) {
        line += fmt::format(",\"{}\":", name);
        observe::appendJsonString(line, value);
    }
    line += "}\n";
    const std::lock_guard lock(mutex_);
    return ::write(file_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace stoa::host::mail
