/// What goes in and out of a fake host, as values to look at.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <json/value.h>

#include <stoa/abi/core.h>
#include <stoa/response.h>
#include <stoa/time.h>

namespace stoa::fake {

/// The plugin broke a promise that its manifest or the ABI makes: a test never goes on after that.
class Violation : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// First header of this name in any case; empty when there is none.
std::string findHeader(const Headers& headers, const std::string& name);

/// What a request was answered with.
struct Answer {
    int status = 0;
    Headers headers;
    std::string body;
    std::optional<Forward> forward;  ///< of a route that answers with a forward; `status` is 0 then
    bool handled = false;            ///< the plugin's handler was called; false: refused before, or replayed

    /// The body; throws Violation when it is not JSON.
    Json::Value json() const;
    std::string header(const std::string& name) const { return findHeader(headers, name); }
    /// "not-found" of a problem of type "urn:stoa:problem:not-found"; empty for anything else.
    std::string problem() const;
    bool replayed() const { return header("Idempotent-Replayed") == "true"; }
};

/// A call that the plugin made to a neighbour or an external endpoint.
struct Incoming {
    std::string method;
    std::string path;                          ///< without query
    std::string query;                         ///< raw
    std::map<std::string, std::string> param;  ///< of the template that matched, decoded
    Headers headers;                           ///< as the plugin set them
    std::string body;
    bool as_user = false;  ///< the user's token travelled along
    std::uint32_t timeout_ms = 0;

    Json::Value json() const;  ///< throws Violation when the body is not JSON
    std::string header(const std::string& name) const { return findHeader(headers, name); }
};

/// What it is answered with.
struct Outgoing {
    int status = 200;
    Json::Value json = {};  ///< sent unless null
    Headers headers = {};
    std::string body = {};          ///< sent when `json` is null
    stoa_status failure = STOA_OK;  ///< other than STOA_OK: no answer came
    bool sent = true;               ///< then, external only: the request may have arrived

    /// The time was over before an answer came.
    static Outgoing timeout(bool sent = true) { return {0, {}, {}, {}, STOA_DEADLINE, sent}; }
    /// Nobody there.
    static Outgoing unavailable() { return {0, {}, {}, {}, STOA_UNAVAILABLE, false}; }
};

/// An event that the plugin has published, committed.
struct Published {
    std::string topic;
    std::string aggregate;  ///< type of the aggregate
    std::string key;
    std::int64_t version = 0;
    Json::Value data;
    Time time;
};

struct Mail {
    std::string message_id, to, subject, text, html;
};

struct LogLine {
    std::uint32_t level = 0;  ///< STOA_LOG_DEBUG …
    std::string message;
    std::map<std::string, std::string> fields;
};

/// A timer that is set.
struct Timer {
    std::string name, key, payload;
    Time due;                   ///< of the next attempt
    std::uint32_t attempt = 1;  ///< of that attempt
};

}  // namespace stoa::fake
