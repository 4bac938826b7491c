/// Beast's parser, made strict, filling http::Request without a step between. Internal: includes Boost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "host/http/chunk_feeder.h"
#include "host/http/message.h"

namespace stoa::host::http {

/// Why a message is refused. `status` 0: it is not.
struct Fault {
    int status = 0;
    std::string_view slug;
    std::string_view detail;
    explicit operator bool() const { return status != 0; }
};

/// Looks for the end of a head in what has arrived, without looking at a byte twice.
class HeadScan {
public:
    /// `text`: all that has arrived of this head. The head's length with its blank line, or 0: more is needed, or
    /// fault() says what is wrong (bare LF, header folding).
    std::size_t find(std::string_view text);
    const Fault& fault() const { return fault_; }

private:
    std::size_t seen_ = 0;
    Fault fault_;
};

struct HeadLimits {
    std::size_t header_bytes = 32 << 10;
    std::size_t target_bytes = 8 << 10;
    std::size_t fields = 100;
};

/// One request, once.
class RequestParser : private boost::beast::http::basic_parser<true> {
public:
    /// `request` outlives the parser's use.
    RequestParser(const HeadLimits& limits, Request& request);

    /// A whole head as HeadScan found it. True when it is good; else see fault().
    bool head(std::string_view text);
    const Fault& fault() const { return fault_; }

    // After a good head.
    using basic_parser::is_done;
    bool keepAlive() const { return keep_alive(); }
    bool expectsContinue() const { return expects_continue_; }
    bool http10() const { return version_ == 10; }
    std::optional<std::uint64_t> contentLength() const;
    /// Bytes of the body that have not arrived, when that is known.
    std::optional<std::uint64_t> remaining() const;

    /// Takes what it can from `text` and appends the body's bytes to `into`; returns how many bytes it took. Beyond
    /// `max_body` bytes in all: a fault with 413.
    std::size_t body(std::string_view text, std::string& into, std::uint64_t max_body);

private:
    using View = boost::beast::string_view;
    using ErrorCode = boost::beast::error_code;
    void on_request_impl(boost::beast::http::verb, View method, View target, int version, ErrorCode& failure) final;
    void on_response_impl(int, View, int, ErrorCode&) final {}
    void on_field_impl(boost::beast::http::field name, View text, View value, ErrorCode& failure) final;
    void on_header_impl(ErrorCode&) final {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) final {}
    std::size_t on_body_impl(View data, ErrorCode& failure) final;
    void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) final {}
    std::size_t on_chunk_body_impl(std::uint64_t, View data, ErrorCode& failure) final;
    void on_finish_impl(ErrorCode&) final {}

    void takeTarget(std::string_view target, ErrorCode& failure);
    void takeFraming(boost::beast::http::field name, std::string_view value);
    bool checkHead();
    void fail(int status, std::string_view slug, std::string_view detail);

    const HeadLimits& limits_;
    Request& request_;
    Fault fault_;
    int version_ = 11;
    int hosts_ = 0;
    int lengths_ = 0;
    int codings_ = 0;
    bool in_body_ = false;
    bool expects_continue_ = false;
    std::string authority_;
    std::string* into_ = nullptr;
    ChunkFeeder feeder_;
    std::uint64_t received_ = 0;
    std::uint64_t max_body_ = 0;
};

}  // namespace stoa::host::http
