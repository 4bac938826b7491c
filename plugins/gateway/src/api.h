/// What the routes do.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <stoa/plugin.h>

#include "domain.h"

namespace gateway {

class Api {
public:
    explicit Api(stoa::Host& host);

    /// [io] Never waits: answers with a forward, or with why there is none.
    stoa::Response proxy(stoa::Request& request) const;
    stoa::Response getHealth(stoa::Request& request) const;
    stoa::Response getDocument(stoa::Request& request);
    stoa::Response getPage(stoa::Request& request);

private:
    /// The merged document in both its forms.
    struct Documents {
        std::string json, html;
        stoa::Time made;
    };
    std::shared_ptr<const Documents> documents();
    stoa::Response refusal(const stoa::Request& request, const stoa::Client::Route& route) const;
    stoa::Response preflight(const stoa::Request& request, std::string_view origin, std::string_view method) const;
    stoa::Response shared(const stoa::Request& request, stoa::Response answer) const;

    stoa::Host& host_;
    Origins origins_;
    Deadlines deadlines_;
    std::chrono::seconds keep_;
    std::mutex mutex_;
    std::shared_ptr<const Documents> documents_;
};

}  // namespace gateway
