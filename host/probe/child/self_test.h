/// Every subscription with its schema's example and every route with its own, as the host would call them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/fake/host.h>
#include <stoa/validate/manifest.h>

#include "host/probe/child/answer_check.h"
#include "host/probe/child/report.h"

namespace stoa::host::probe {

class SelfTest {
public:
    SelfTest(fake::Host& host, const validate::Manifest& manifest, const Report& report);

    /// Each finding is reported at its stage; the next one is tried all the same. Throws what the plugin throws
    /// through the ABI: nothing can be said after that.
    void run();

    /// One route of another service, so that a gateway has somewhere to forward to.
    static std::vector<fake::FleetRoute> fleet();
    /// What every secret is: a route that wants one in a header, such as Psp-Key, then gets the right one.
    static std::string secret(const validate::Manifest& manifest);

private:
    using Values = std::map<std::string, std::string>;  // of parameters

    void tryRoute(const validate::Route& route);
    void tryEvent(const validate::Subscription& subscription);
    void tryTimers();
    void call(const validate::Route& route, const std::string& as, const Values& values);
    void settle(std::string_view who);
    void learn(const fake::Answer& answer);

    fake::Host& host_;
    const validate::Manifest& manifest_;
    const Report& report_;
    AnswerCheck answers_;
    std::string user_;  // who calls: the one that the events speak of, if they do
    Values learned_;    // path parameters out of the Location of what was created
    int calls_ = 0;
};

}  // namespace stoa::host::probe
