#include "host/mail/smtp_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cctype>

#include <Poco/Exception.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>

namespace stoa::host::mail {
namespace {

constexpr std::size_t kMaxLine = 2048;  // RFC 5321 says 512
constexpr std::size_t kMaxLines = 64;

Poco::Timespan timespan(std::chrono::milliseconds time) { return Poco::Timespan(time.count() * 1000); }

bool isDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string Reply::brief() const {
    std::string text = std::to_string(code);
    // RFC 3463: class.subject.detail at the beginning of the line.
    if (!lines.empty()) {
        const std::string& line = lines.front();
        const std::size_t end = line.find_first_not_of("0123456789.");
        const std::string status = line.substr(0, end);
        if (status.size() <= 9 && std::count(status.begin(), status.end(), '.') == 2) {
            text += " " + status;
        }
    }
    return text;
}

SmtpConnection::SmtpConnection(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit,
                               Deadline deadline)
    : host_(host), limit_(limit), deadline_(deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
        throw TooLate();
    }
    socket_.connect(Poco::Net::SocketAddress(host, port), timespan(std::min(limit_, left)));
    socket_.setNoDelay(true);
}

void SmtpConnection::limitNextWait() {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
        throw TooLate();
    }
    socket_.setReceiveTimeout(timespan(std::min(limit_, left)));
    socket_.setSendTimeout(timespan(std::min(limit_, left)));
}

std::string SmtpConnection::readLine() {
    while (true) {
        const std::size_t end = buffer_.find('\n');
        if (end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            if (!line.empty() && line.back() == '\r') {
                line.pop_back();
            }
            return line;
        }
        if (buffer_.size() > kMaxLine) {
            throw std::runtime_error("the server's answer is too long");
        }
        limitNextWait();
        char chunk[1024];
        const int got = socket_.receiveBytes(chunk, sizeof chunk);
        if (got <= 0) {
            throw std::runtime_error("the server closed the connection");
        }
        buffer_.append(chunk, static_cast<std::size_t>(got));
    }
}

Reply SmtpConnection::readReply() {
    Reply reply;
    while (reply.lines.size() < kMaxLines) {
        const std::string line = readLine();
        const bool code = line.size() >= 3 && std::all_of(line.begin(), line.begin() + 3, isDigit);
        if (!code || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) {
            throw std::runtime_error("the server does not speak SMTP");
        }
        reply.code = std::stoi(line.substr(0, 3));
        reply.lines.push_back(line.size() > 4 ? line.substr(4) : "");
        if (line.size() == 3 || line[3] == ' ') {
            return reply;
        }
    }
    throw std::runtime_error("the server's answer is too long");
}

Reply SmtpConnection::command(std::string_view line) {
    write(std::string(line) + "\r\n");
    return readReply();
}

void SmtpConnection::write(std::string_view data) {
    while (!data.empty()) {
        limitNextWait();
        const int piece = static_cast<int>(std::min<std::size_t>(data.size(), 16 << 10));
        const int sent = socket_.sendBytes(data.data(), piece, socket_.secure() ? 0 : MSG_NOSIGNAL);
        if (sent <= 0) {
            throw std::runtime_error("the server closed the connection");
        }
        data.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void SmtpConnection::startTls(const Poco::Net::Context::Ptr& context) {
    if (!buffer_.empty()) {
        // What came in the clear must not be taken for what comes through TLS (CVE-2011-0411).
        throw std::runtime_error("the server said more than it may before TLS");
    }
    limitNextWait();
    socket_ = Poco::Net::SecureStreamSocket::attach(socket_, host_, context);
}

std::string SmtpConnection::localName() const {
    const Poco::Net::IPAddress address = socket_.address().host();
    const bool v6 = address.family() == Poco::Net::AddressFamily::IPv6;
    return (v6 ? "[IPv6:" : "[") + address.toString() + "]";
}

}  // namespace stoa::host::mail
