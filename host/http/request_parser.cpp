#include "host/http/request_parser.h"

#include <algorithm>

#include <boost/beast/http/error.hpp>

#include "host/http/target.h"
#include "host/http/text.h"

namespace stoa::host::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr Fault kBadFraming{400, "bad-request", "the message does not follow HTTP/1.1 (RFC 9112)"};

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool isNumber(std::string_view text) {
    return !text.empty() && text.size() <= 18 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether a value of Transfer-Encoding names anything but chunked.
bool namesOtherCodings(std::string_view list) {
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        const auto coding = trim(list.substr(0, comma));
        if (!coding.empty() && !equalsIgnoringCase(coding, "chunked")) {
            return true;
        }
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

}  // namespace

std::size_t HeadScan::find(std::string_view text) {
    while (!fault_) {
        const auto line_end = text.find('\n', seen_);
        // What follows the line's end decides, so the last byte waits for its successor.
        if (line_end == std::string_view::npos || line_end + 1 >= text.size()) {
            seen_ = line_end == std::string_view::npos ? text.size() : line_end;
            return 0;
        }
        if (line_end == 0 || text[line_end - 1] != '\r') {
            fault_ = {400, "bad-request", "a line ends without a carriage return"};
            return 0;
        }
        const char next = text[line_end + 1];
        if (next == ' ' || next == '\t') {
            fault_ = {400, "bad-request", "folded header lines are not allowed"};
            return 0;
        }
        if (next == '\r') {
            if (line_end + 2 >= text.size()) {
                seen_ = line_end;
                return 0;
            }
            if (text[line_end + 2] == '\n') {
                return line_end + 3;
            }
        }
        seen_ = line_end + 1;
    }
    return 0;
}

RequestParser::RequestParser(const HeadLimits& limits, Request& request) : limits_(limits), request_(request) {
    header_limit(static_cast<std::uint32_t>(limits.header_bytes + 1024));
    body_limit(boost::none);
}

void RequestParser::fail(int status, std::string_view slug, std::string_view detail) {
    if (!fault_) {
        fault_ = {status, slug, detail};
    }
}

bool RequestParser::head(std::string_view text) {
    ErrorCode failure;
    put(boost::asio::buffer(text.data(), text.size()), failure);
    in_body_ = true;
    if (fault_) {
        return false;
    }
    if (failure == beast_http::error::bad_version) {
        fail(505, "http-version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
        return false;
    }
    if (failure == beast_http::error::header_limit) {
        fail(431, "header-too-large", "the header is larger than allowed");
        return false;
    }
    if (failure || !is_header_done()) {
        fault_ = kBadFraming;
        return false;
    }
    return checkHead();
}

bool RequestParser::checkHead() {
    if (hosts_ > 1 || (hosts_ == 0 && version_ >= 11)) {
        fail(400, "bad-request", hosts_ == 0 ? "the Host header is missing" : "there is more than one Host header");
    } else if (lengths_ > 1 || (lengths_ > 0 && codings_ > 0)) {
        fail(400, "bad-request", "the length of the body is stated more than once");
    } else if (codings_ > 0 && version_ < 11) {
        fail(400, "bad-request", "HTTP/1.0 knows no Transfer-Encoding");
    } else if (codings_ > 1 || (codings_ == 1 && !chunked())) {
        fail(400, "bad-request", "Transfer-Encoding must be chunked, once");
    }
    if (!authority_.empty()) {
        request_.headers.set("Host", authority_);
    }
    return !fault_;
}

std::optional<std::uint64_t> RequestParser::contentLength() const {
    const auto length = content_length();
    return length ? std::optional<std::uint64_t>{*length} : std::nullopt;
}

std::optional<std::uint64_t> RequestParser::remaining() const {
    if (is_done()) {
        return 0;
    }
    const auto length = content_length_remaining();
    return length ? std::optional<std::uint64_t>{*length} : std::nullopt;
}

std::size_t RequestParser::body(std::string_view text, std::string& into, std::uint64_t max_body) {
    into_ = &into;
    max_body_ = max_body;
    std::size_t taken = 0;
    ErrorCode failure;
    while (!is_done() && taken < text.size() && feeder_.mayAsk(text.substr(taken))) {
        const auto used = put(boost::asio::buffer(text.data() + taken, text.size() - taken), failure);
        taken += used;
        feeder_.told(failure == beast_http::error::need_more, used);
        if (failure == beast_http::error::need_more) {
            break;
        }
        if (failure) {
            fail(kBadFraming.status, kBadFraming.slug, "the chunks of the body are not framed as RFC 9112 says");
            break;
        }
    }
    return taken;
}

void RequestParser::on_request_impl(beast_http::verb, View method, View target, int version, ErrorCode& failure) {
    version_ = version;
    request_.method.assign(method.data(), method.size());
    if (target.size() > limits_.target_bytes) {
        fail(414, "target-too-long", "the request target is longer than allowed");
        failure = beast_http::error::bad_target;
        return;
    }
    if (method == "CONNECT" || method == "TRACE") {
        fail(405, "method-not-allowed", "CONNECT and TRACE are not served");
        failure = beast_http::error::bad_method;
        return;
    }
    takeTarget(view(target), failure);
}

void RequestParser::takeTarget(std::string_view text, ErrorCode& failure) {
    const auto target = parseTarget(text);
    if (!target) {
        fail(400, "bad-target", target.error());
        failure = beast_http::error::bad_target;
        return;
    }
    request_.path = target->path;
    request_.query = target->query;
    authority_ = target->authority;
}

void RequestParser::on_field_impl(beast_http::field name, View text, View value, ErrorCode& failure) {
    if (in_body_) {
        return;  // trailers are dropped: nobody may depend on what came after the body
    }
    if (request_.headers.size() >= limits_.fields) {
        fail(431, "header-too-large", "there are more header fields than allowed");
        failure = beast_http::error::header_limit;
        return;
    }
    takeFraming(name, view(value));
    if (fault_) {
        failure = beast_http::error::bad_value;
        return;
    }
    request_.headers.add(std::string{text.data(), text.size()}, std::string{value.data(), value.size()});
}

void RequestParser::takeFraming(beast_http::field name, std::string_view value) {
    switch (name) {
        case beast_http::field::host:
            ++hosts_;
            if (!isAuthority(value)) {
                fail(400, "bad-request", "the Host header is not valid");
            }
            break;
        case beast_http::field::content_length:
            ++lengths_;
            if (!isNumber(value)) {
                fail(400, "bad-request", "Content-Length is not a number");
            }
            break;
        case beast_http::field::transfer_encoding:
            ++codings_;
            if (!equalsIgnoringCase(value, "chunked")) {
                fail(namesOtherCodings(value) ? 501 : 400, "transfer-coding",
                     "the only transfer coding known here is chunked, once");
            }
            break;
        case beast_http::field::expect:
            expects_continue_ = version_ >= 11 && equalsIgnoringCase(value, "100-continue");
            if (!expects_continue_ && version_ >= 11) {
                fail(417, "expectation-failed", "the only expectation known here is 100-continue");
            }
            break;
        default:
            break;
    }
}

std::size_t RequestParser::on_body_impl(View data, ErrorCode& failure) {
    received_ += data.size();
    if (received_ > max_body_) {
        fail(413, "body-too-large", "the body is larger than this route allows");
        failure = beast_http::error::body_limit;
        return 0;
    }
    into_->append(data.data(), data.size());
    return data.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View data, ErrorCode& failure) {
    return on_body_impl(data, failure);
}

}  // namespace stoa::host::http
