/// A service: derive from Plugin, wire handlers in the constructor, name the class in STOA_PLUGIN.
///
///     class Inventory final : public stoa::Plugin {
///     public:
///         explicit Inventory(stoa::Host& host) : Plugin(host), api_(host) {
///             route("getStock", [this](stoa::Request& request) { return api_.getStock(request); });
///             on("order.created", [this](const stoa::Event& event, stoa::Transaction& tx) { … });
///             timer("hold-expiry", [this](const stoa::Firing& firing, stoa::Transaction& tx) { … });
///         }
///     };
///     STOA_PLUGIN(Inventory)
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/abi/plugin.h>
#include <stoa/cursor.h>
#include <stoa/event.h>
#include <stoa/host.h>
#include <stoa/json.h>
#include <stoa/money.h>
#include <stoa/problem.h>
#include <stoa/request.h>
#include <stoa/response.h>
#include <stoa/time.h>
#include <stoa/uuid.h>

namespace stoa {

using RouteHandler = std::function<Response(Request&)>;
using EventHandler = std::function<void(const Event&, Transaction&)>;
using TimerHandler = std::function<void(const Firing&, Transaction&)>;
using JobHandler = std::function<void(const Firing&)>;

class Plugin {
public:
    explicit Plugin(Host& host) : host_(host) {}
    virtual ~Plugin() = default;

    /// What the version after this one may go on with (a cache, a count), at most 1 MiB, within a second. Called while
    /// requests go on. It may get lost, so nothing may depend on it.
    virtual std::string save() { return {}; }
    /// What the version before this one saved, whichever it was; before start. Throw for what can't be read: it is
    /// dropped with a warning.
    virtual void restore(std::string_view) {}
    /// Called when work may begin; throw to refuse.
    virtual void start() {}
    virtual void stop() {}
    /// Empty when it can serve, else a sentence that says what is missing. Fast, no calls to other services.
    virtual std::string health() { return {}; }

protected:
    Host& host() const { return host_; }

    /// Handler of the manifest's route with this operation id. Throws when the manifest has none.
    void route(std::string_view operation, RouteHandler handler);
    /// Handler of the manifest's subscription to this topic.
    void on(std::string_view topic, EventHandler handler);
    /// Handler of a timer that the manifest marks transactional: it runs in the transaction that claimed it.
    void timer(std::string_view name, TimerHandler handler);
    /// Handler of a timer that is not transactional: it may call out, and must be idempotent.
    void job(std::string_view name, JobHandler handler);

private:
    friend class Dispatch;
    struct Timer {
        explicit operator bool() const { return transactional || job; }
        TimerHandler transactional;
        JobHandler job;
    };
    Host& host_;
    std::vector<RouteHandler> routes_;  // by index in the manifest
    std::vector<EventHandler> events_;
    std::vector<Timer> timers_;
};

/// Makes the plugin. Used by STOA_PLUGIN.
using PluginFactory = std::unique_ptr<Plugin> (*)(Host&);

/// What `stoa_plugin_entry` does: negotiates and answers with the descriptor of the one plugin of this library.
const stoa_plugin* pluginEntry(const stoa_offer* offer, const stoa_writer* refusal, PluginFactory factory,
                               const char* name, const char* version);

}  // namespace stoa

/// STOA_PLUGIN_NAME and STOA_PLUGIN_VERSION come from the manifest, through stoa_add_plugin() of CMake.
#define STOA_PLUGIN(Class)                                                                                   \
    STOA_EXPORT const stoa_plugin* stoa_plugin_entry(const stoa_offer* offer, const stoa_writer* refusal) {  \
        return stoa::pluginEntry(                                                                            \
            offer, refusal,                                                                                  \
            [](stoa::Host& host) -> std::unique_ptr<stoa::Plugin> { return std::make_unique<Class>(host); }, \
            STOA_PLUGIN_NAME, STOA_PLUGIN_VERSION);                                                          \
    }
