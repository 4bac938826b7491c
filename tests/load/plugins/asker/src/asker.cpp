// Calls another service, as often as it is told to; see README.md.

#include <stoa/plugin.h>

namespace asker {

class Asker final : public stoa::Plugin {
public:
    explicit Asker(stoa::Host& host) : Plugin(host) {
        route("ask", [this](stoa::Request& request) { return ask(request); });
    }

private:
    stoa::Response ask(stoa::Request& request) {
        const std::int64_t times = request.json()["times"].asInt64();
        const std::string path = "/api/v1/hellos/" + request.json()["route"].asString();
        std::int64_t answered = 0;
        for (std::int64_t each = 0; each < times; ++each) {
            answered += host().client().call({.service = "hello", .path = path}).ok() ? 1 : 0;
        }
        Json::Value answer;
        answer["answered"] = static_cast<Json::Int64>(answered);
        return stoa::Response::json(200, answer);
    }
};

}  // namespace asker

STOA_PLUGIN(asker::Asker)
