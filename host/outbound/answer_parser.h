/// Beast's parser for answers, made strict, filling http::Response. Internal: includes Boost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "host/http/chunk_feeder.h"
#include "host/http/message.h"
#include "host/http/request_parser.h"

namespace stoa::host::outbound {

/// One answer, once.
class AnswerParser : private boost::beast::http::basic_parser<false> {
public:
    /// `response` outlives the use of head().
    AnswerParser(http::Response& response, bool to_head);

    /// A whole head, as http::HeadScan found it. False: not HTTP as we take it.
    bool head(std::string_view text);
    /// 100 Continue and the like: the real answer is still to come.
    bool interim() const { return status_ < 200; }
    using basic_parser::is_done;
    bool keepAlive() const { return keep_alive(); }
    bool untilEnd() const { return need_eof(); }
    std::optional<std::uint64_t> contentLength() const;
    /// Takes what it can from `text` and appends the body's bytes to `into`. broken() afterwards: bad framing.
    std::size_t body(std::string_view text, std::string& into);
    bool broken() const { return broken_; }
    /// The other side has ended. False when the answer is not complete.
    bool end();

private:
    using View = boost::beast::string_view;
    using ErrorCode = boost::beast::error_code;
    void on_request_impl(boost::beast::http::verb, View, View, int, ErrorCode&) final {}
    void on_response_impl(int status, View, int, ErrorCode&) final { status_ = status; }
    void on_field_impl(boost::beast::http::field name, View text, View value, ErrorCode& failure) final;
    void on_header_impl(ErrorCode&) final {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) final {}
    std::size_t on_body_impl(View data, ErrorCode&) final;
    void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) final {}
    std::size_t on_chunk_body_impl(std::uint64_t, View data, ErrorCode& failure) final;
    void on_finish_impl(ErrorCode&) final {}

    http::Response* response_;
    const bool to_head_;
    bool in_body_ = false;
    bool broken_ = false;
    int status_ = 0;
    std::string* into_ = nullptr;
    http::ChunkFeeder feeder_;
};

/// Removes the headers that belong to one connection (RFC 9110, 7.6.1) and those that Connection names.
void dropHopHeaders(http::Headers& headers);

}  // namespace stoa::host::outbound
