// A request as it comes from a connection, whole and in two pieces: the same request or the same refusal.

#include <algorithm>

#include "host/http/request_parser.h"
#include "host/http/text.h"
#include "tests/fuzz/fuzz.h"

namespace {

namespace http = stoa::host::http;
using stoa::fuzz::promise;

constexpr std::uint64_t kMaxBody = 1024;

struct Outcome {
    int status = 0;
    bool complete = false;
    http::Request request;
};

/// Feeds the parser as a connection does: the head once it is whole, then the body as it comes.
Outcome outcomeOf(std::string_view bytes, std::size_t cut) {
    Outcome outcome;
    const http::HeadLimits limits;
    http::HeadScan scan;
    std::size_t head = scan.find(bytes.substr(0, cut));
    if (head == 0 && !scan.fault()) {
        head = scan.find(bytes);
    }
    if (head == 0) {
        outcome.status = scan.fault().status;
        return outcome;
    }
    http::RequestParser parser(limits, outcome.request);
    if (parser.head(bytes.substr(0, head))) {
        std::string_view rest = bytes.substr(head);
        const std::size_t first = std::min(rest.size(), cut > head ? cut - head : 0);
        const std::size_t taken = parser.body(rest.substr(0, first), outcome.request.body, kMaxBody);
        if (!parser.fault()) {
            parser.body(rest.substr(taken), outcome.request.body, kMaxBody);
        }
    }
    outcome.status = parser.fault().status;
    outcome.complete = outcome.status == 0 && parser.is_done();
    return outcome;
}

void checkRequest(const http::Request& request) {
    promise(http::isToken(request.method), "a method is a token");
    promise(request.path.starts_with('/') && request.path.find("//") == std::string::npos &&
                (request.path + '/').find("/../") == std::string::npos,
            "a path has no dot segments and no empty ones");
    for (const auto& [name, value] : request.headers) {
        promise(http::isToken(name) && http::isFieldValue(value), "a header is what RFC 9110 calls one");
    }
    promise(request.body.size() <= kMaxBody, "a body is not larger than allowed");
}

}  // namespace

void stoa::fuzz::take(std::string_view bytes) {
    const Outcome whole = outcomeOf(bytes, bytes.size());
    promise(whole.status == 0 || (whole.status >= 400 && whole.status < 600), "a refusal has a status");
    if (whole.complete) {
        checkRequest(whole.request);
    }
    if (bytes.empty()) {
        return;
    }
    const std::size_t cut = static_cast<std::uint8_t>(bytes.back()) % bytes.size();
    const Outcome pieces = outcomeOf(bytes, cut);
    // What had come of a body before it was refused depends on the pieces, and nobody is given it.
    promise(pieces.status == whole.status && pieces.complete == whole.complete &&
                (whole.status != 0 || pieces.request.body == whole.request.body),
            "an answer does not depend on how the request is cut");
}
