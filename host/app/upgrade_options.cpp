#include "host/app/upgrade_options.h"

#include <algorithm>

namespace stoa::host::app {
namespace {

std::chrono::milliseconds millisecondsIn(const Json::Value& value) {
    return std::chrono::milliseconds{value.isIntegral() ? value.asInt64() : 0};
}

bool isSet(const Json::Value& arguments, const char* flag) {
    return arguments[flag].isBool() && arguments[flag].asBool();
}

}  // namespace

UpgradeOptions upgradeOptions(const Json::Value& arguments) {
    UpgradeOptions options;
    if (arguments["canary"].isIntegral()) {
        options.canary.permyriad =
            static_cast<std::uint32_t>(std::clamp<std::int64_t>(arguments["canary"].asInt64(), 0, 10'000));
    }
    options.canary.events = isSet(arguments, "events");
    if (arguments.isMember("for")) {
        options.canary_window = millisecondsIn(arguments["for"]);
    }
    if (arguments.isMember("warm")) {
        options.warm = millisecondsIn(arguments["warm"]);
    }
    options.wait = isSet(arguments, "wait");
    options.add = isSet(arguments, "add");
    options.dry_run = isSet(arguments, "dry_run");
    options.force = isSet(arguments, "force");
    options.accept_thin = isSet(arguments, "accept_thin");
    options.allow_breaking = isSet(arguments, "allow_breaking");
    return options;
}

}  // namespace stoa::host::app
