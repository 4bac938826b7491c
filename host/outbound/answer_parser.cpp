#include "host/outbound/answer_parser.h"

#include <algorithm>
#include <array>
#include <vector>

#include <boost/beast/http/error.hpp>

#include "host/http/text.h"

namespace stoa::host::outbound {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t kFields = 200;

}  // namespace

AnswerParser::AnswerParser(http::Response& response, bool to_head) : response_(&response), to_head_(to_head) {
    header_limit(1 << 20);  // whoever finds the head's end keeps the limit
    body_limit(boost::none);
    skip(to_head);
}

bool AnswerParser::head(std::string_view text) {
    ErrorCode failure;
    put(boost::asio::buffer(text.data(), text.size()), failure);
    in_body_ = true;
    if (broken_ || failure || !is_header_done() || status_ < 100 || status_ == 101) {
        broken_ = true;
        return false;
    }
    auto& headers = response_->headers;
    response_->status = status_;
    const auto length = to_head_ ? headers.find("Content-Length") : std::nullopt;
    std::string kept{length.value_or("")};
    dropHopHeaders(headers);
    headers.remove("Content-Length");
    if (!kept.empty()) {
        headers.add("Content-Length", std::move(kept));
    }
    return true;
}

std::optional<std::uint64_t> AnswerParser::contentLength() const {
    const auto length = content_length();
    return length ? std::optional<std::uint64_t>{*length} : std::nullopt;
}

std::size_t AnswerParser::body(std::string_view text, std::string& into) {
    into_ = &into;
    std::size_t taken = 0;
    while (!is_done() && taken < text.size() && feeder_.mayAsk(text.substr(taken))) {
        ErrorCode failure;
        const auto used = put(boost::asio::buffer(text.data() + taken, text.size() - taken), failure);
        taken += used;
        feeder_.told(failure == beast_http::error::need_more, used);
        if (failure == beast_http::error::need_more) {
            break;
        }
        if (failure) {
            broken_ = true;
            break;
        }
    }
    return taken;
}

bool AnswerParser::end() {
    ErrorCode failure;
    put_eof(failure);
    return !failure && is_done();
}

void AnswerParser::on_field_impl(beast_http::field name, View text, View value, ErrorCode& failure) {
    if (in_body_) {
        return;  // trailers
    }
    const std::string_view content{value.data(), value.size()};
    const bool other_coding =
        name == beast_http::field::transfer_encoding && !http::equalsIgnoringCase(content, "chunked");
    if (other_coding || response_->headers.size() >= kFields) {
        broken_ = true;
        failure = beast_http::error::bad_value;
        return;
    }
    response_->headers.add(std::string{text.data(), text.size()}, std::string{content});
}

std::size_t AnswerParser::on_body_impl(View data, ErrorCode&) {
    into_->append(data.data(), data.size());
    return data.size();
}

std::size_t AnswerParser::on_chunk_body_impl(std::uint64_t, View data, ErrorCode& failure) {
    return on_body_impl(data, failure);
}

void dropHopHeaders(http::Headers& headers) {
    std::vector<std::string> named;
    for (const auto& [name, value] : headers) {
        if (!http::equalsIgnoringCase(name, "Connection")) {
            continue;
        }
        std::string_view list = value;
        while (!list.empty()) {
            const auto comma = std::min(list.find(','), list.size());
            named.emplace_back(http::trim(list.substr(0, comma)));
            list.remove_prefix(std::min(comma + 1, list.size()));
        }
    }
    constexpr std::array<std::string_view, 9> kHop{"Connection",
                                                   "Keep-Alive",
                                                   "Proxy-Authenticate",
                                                   "Proxy-Authorization",
                                                   "Proxy-Connection",
                                                   "TE",
                                                   "Trailer",
                                                   "Transfer-Encoding",
                                                   "Upgrade"};
    headers.removeIf([&](const std::string& name) {
        const auto same = [&](std::string_view one) { return http::equalsIgnoringCase(name, one); };
        return std::any_of(kHop.begin(), kHop.end(), same) || std::any_of(named.begin(), named.end(), same);
    });
}

}  // namespace stoa::host::outbound
