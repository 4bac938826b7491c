/// The barrier between the C descriptor and a Plugin: nothing thrown passes it.
#pragma once

#include <memory>
#include <string>

#include <stoa/plugin.h>

namespace stoa {

class Dispatch {
public:
    Dispatch(const stoa_host* host, PluginFactory factory);

    std::string save() { return plugin_->save(); }
    void restore(std::string_view blob) { plugin_->restore(blob); }
    void start() { plugin_->start(); }
    void stop() { plugin_->stop(); }
    std::string health() { return plugin_->health(); }
    stoa_status request(std::uint32_t route, stoa_request* request, stoa_response* response);
    stoa_status event(std::uint32_t subscription, const stoa_event& event, stoa_tx* tx);
    stoa_status timer(std::uint32_t timer, const stoa_firing& firing, stoa_tx* tx);
    /// Logs why something failed and tells the host, which shows it with what it parks. Never throws.
    stoa_status failed(std::string_view what, std::string_view subject, stoa_status status, std::string_view why);

private:
    void refuseHoles() const;
    template <class Work>
    stoa_status guard(std::string_view what, std::string_view subject, Work&& work);

    Host host_;
    std::unique_ptr<Plugin> plugin_;
};

}  // namespace stoa
