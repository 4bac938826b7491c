/// The carrier's REST API: openapi.yaml, one function an operation.
#pragma once

#include <json/value.h>

#include <stoa/plugin.h>

#include "domain.h"

namespace sandbox_carrier {

/// A parcel as its caller sees it, and as the webhook reports it.
Json::Value parcelView(const Parcel& parcel);

class Api {
public:
    explicit Api(stoa::Host& host);

    stoa::Response bookParcel(stoa::Request& request) const;
    stoa::Response getParcel(stoa::Request& request) const;
    stoa::Response cancelParcel(stoa::Request& request) const;

private:
    /// Problem 401 unless the caller has the shared key.
    void checkKey(const stoa::Request& request) const;

    stoa::Host& host_;
    Pace pace_;
};

}  // namespace sandbox_carrier
