#include <stoa/fake/neighbour.h>

#include <algorithm>

#include "path.h"

namespace stoa::fake {

Neighbour& Neighbour::on(const std::string& method, const std::string& path, Handler handler) {
    std::erase_if(scripts_, [&](const Script& script) { return script.method == method && script.path == path; });
    scripts_.push_back({method, path, std::move(handler)});
    return *this;
}

Neighbour& Neighbour::on(const std::string& method, const std::string& path, Outgoing always) {
    return on(method, path, [always = std::move(always)](const Incoming&) { return always; });
}

Neighbour& Neighbour::timeout(bool sent) {
    outage_ = Outgoing::timeout(sent);
    return *this;
}

Neighbour& Neighbour::down() {
    outage_ = Outgoing::unavailable();
    return *this;
}

Neighbour& Neighbour::up() {
    outage_.reset();
    return *this;
}

Outgoing Neighbour::answer(Incoming call) {
    const Script* script = nullptr;
    for (const Script& each : scripts_) {
        const auto parameters = each.method == call.method ? matchPath(each.path, call.path) : std::nullopt;
        if (parameters) {
            call.param = *parameters;
            script = &each;
            break;
        }
    }
    calls_.push_back(call);
    if (outage_) {
        return *outage_;
    }
    return script != nullptr ? script->handler(call) : Outgoing::unavailable();
}

}  // namespace stoa::fake
