/// Does an answer keep what the plugin's OpenAPI document promises?
#pragma once

#include <map>
#include <string>
#include <vector>

#include <stoa/fake/message.h>
#include <stoa/validate/manifest.h>

namespace stoa::host::probe {

class AnswerCheck {
public:
    explicit AnswerCheck(const validate::Manifest& manifest) : manifest_(manifest) {}

    /// Everything that is wrong with it. A status of 5xx other than 503 is, whatever the document says.
    std::vector<std::string> check(const validate::Route& route, const fake::Answer& answer);

private:
    const Json::Value* responseFor(const validate::Route& route, int status, bool& described) const;
    std::vector<std::string> checkBody(const fake::Answer& answer, const Json::Value& response);
    const validate::Schema& compiled(const Json::Value& schema);

    const validate::Manifest& manifest_;
    std::map<const Json::Value*, validate::Schema> schemas_;
};

}  // namespace stoa::host::probe
