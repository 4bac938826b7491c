// Answers the same on an I/O thread and on a worker; see README.md.

#include <stoa/plugin.h>

namespace hello {

/// As the servers that it is compared with do: no JSON is made.
stoa::Response say() { return stoa::Response::text(200, "application/json", R"({"message":"Hello, world"})"); }

class Hello final : public stoa::Plugin {
public:
    explicit Hello(stoa::Host& host) : Plugin(host) {
        route("sayAtOnce", [](stoa::Request&) { return say(); });
        route("sayOnAWorker", [](stoa::Request&) { return say(); });
    }
};

}  // namespace hello

STOA_PLUGIN(hello::Hello)
