/// What a run of the load generator sends.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace stoa::load {

/// One kind of request. The text is made once; only the idempotency key differs between two of a kind.
struct Kind {
    std::string name;
    int weight = 1;    ///< its share of all requests is weight / sum of weights
    std::string head;  ///< request line and headers, without the empty line
    std::string body;
    std::set<int> expected;     ///< statuses; any other one is a failure
    bool idempotent = false;    ///< each request has an Idempotency-Key of its own
    unsigned repeat_every = 0;  ///< every n-th one is sent again with its key once it was answered; 0: none
    std::string id_field;       ///< field of the answer that must be the same for the repeated one; may be empty
};

struct Plan {
    std::string host;
    std::uint16_t port = 0;
    unsigned connections = 1;
    double rate = 0;      ///< requests a second, whether answers come or not; 0: the next when one is answered
    double seconds = 0;   ///< 0: until SIGTERM or SIGINT
    double timeout = 30;  ///< seconds without an answer after which a request is lost
    std::string prefix;   ///< of correlation ids and idempotency keys: lower case, different for every run
    std::vector<Kind> kinds;
};

/// Reads the JSON that tests/load/README.md describes. Throws std::runtime_error that says which field is wrong.
Plan readPlan(const std::string& file);

}  // namespace stoa::load
