// The C descriptor of the one plugin of this library.

#include <algorithm>

#include "dispatch.h"

/// What the host holds of an instance.
struct stoa_instance {
    stoa::Dispatch dispatch;
};

namespace stoa {

namespace {

// Constant after the first negotiation; both are plain data, so that unloading finds nothing to run.
PluginFactory factory_of_this_library = nullptr;
stoa_plugin descriptor{};

void tell(const stoa_writer* writer, std::string_view sentence) {
    if (writer != nullptr) {
        writer->write(writer, sentence.data(), sentence.size());
    }
}

stoa_status create(const stoa_host* host, stoa_instance** instance, const stoa_writer* refusal) {
    *instance = nullptr;
    try {
        *instance = new stoa_instance{Dispatch{host, factory_of_this_library}};
        return STOA_OK;
    } catch (const Error& error) {
        tell(refusal, error.what());
        return error.status();
    } catch (const std::exception& error) {
        tell(refusal, error.what());
        return STOA_INTERNAL;
    } catch (...) {
        tell(refusal, "the plugin's constructor threw something that is no exception");
        return STOA_INTERNAL;
    }
}

/// Runs `work`; what it throws becomes a log line and a status.
template <class Work>
stoa_status guarded(stoa_instance* instance, std::string_view what, Work&& work) {
    try {
        return work();
    } catch (const Error& error) {
        return instance->dispatch.failed(what, "", error.status(), error.what());
    } catch (const std::exception& error) {
        return instance->dispatch.failed(what, "", STOA_INTERNAL, error.what());
    } catch (...) {
        return instance->dispatch.failed(what, "", STOA_INTERNAL, "something that is no exception was thrown");
    }
}

stoa_status restore(stoa_instance* instance, stoa_str blob) {
    return guarded(instance, "restore failed", [&] {
        instance->dispatch.restore(text(blob));
        return STOA_OK;
    });
}

stoa_status save(stoa_instance* instance, const stoa_writer* blob) {
    return guarded(instance, "save failed", [&]() -> stoa_status {
        const std::string state = instance->dispatch.save();
        return state.empty() ? STOA_OK : blob->write(blob, state.data(), state.size());
    });
}

stoa_status start(stoa_instance* instance) {
    return guarded(instance, "start failed", [&] {
        instance->dispatch.start();
        return STOA_OK;
    });
}

stoa_status health(stoa_instance* instance, const stoa_writer* detail) {
    return guarded(instance, "health check failed", [&]() -> stoa_status {
        const std::string missing = instance->dispatch.health();
        tell(detail, missing);
        return missing.empty() ? STOA_OK : STOA_UNAVAILABLE;
    });
}

stoa_status onRequest(stoa_instance* instance, std::uint32_t route, stoa_request* request, stoa_response* response) {
    return guarded(instance, "request failed", [&] { return instance->dispatch.request(route, request, response); });
}

stoa_status onEvent(stoa_instance* instance, std::uint32_t subscription, const stoa_event* event, stoa_tx* tx) {
    return guarded(instance, "event failed", [&] { return instance->dispatch.event(subscription, *event, tx); });
}

stoa_status onTimer(stoa_instance* instance, std::uint32_t timer, const stoa_firing* firing, stoa_tx* tx) {
    return guarded(instance, "timer failed", [&] { return instance->dispatch.timer(timer, *firing, tx); });
}

stoa_status stop(stoa_instance* instance) {
    return guarded(instance, "stop failed", [&] {
        instance->dispatch.stop();
        return STOA_OK;
    });
}

void destroy(stoa_instance* instance) {
    try {
        delete instance;
    } catch (...) {
        // A destructor that throws has nowhere to report to; the host checks what stays mapped.
        return;
    }
}

/// Empty when the host fits, else what differs and what was expected.
std::string refusalOf(const stoa_offer& offer, const char* name) {
    const auto differs = [&](std::string_view field, std::uint32_t has, std::uint32_t expected) {
        return std::string(name) + " can't run in host " + std::string(text(offer.host_version)) + ": " +
               std::string(field) + " is " + std::to_string(has) + ", expected " + std::to_string(expected);
    };
    if (!STOA_HAS(&offer, host_version)) {
        return std::string(name) + ": the host's offer is smaller than ABI 1 makes it";
    }
    if (offer.abi_major != STOA_ABI_MAJOR) {
        return differs("the ABI's major version", offer.abi_major, STOA_ABI_MAJOR);
    }
    if (std::max(offer.abi_minor, STOA_ABI_MINOR) != offer.abi_minor) {
        return differs("the ABI's minor version", offer.abi_minor, STOA_ABI_MINOR) + " or higher";
    }
    return {};
}

}  // namespace

const stoa_plugin* pluginEntry(const stoa_offer* offer, const stoa_writer* refusal, PluginFactory factory,
                               const char* name, const char* version) {
    try {
        if (const std::string why = refusalOf(*offer, name); !why.empty()) {
            tell(refusal, why);
            return nullptr;
        }
    } catch (...) {
        return nullptr;
    }
    factory_of_this_library = factory;
    descriptor = {sizeof(stoa_plugin),
                  STOA_ABI_MAJOR,
                  STOA_ABI_MINOR,
                  0,
                  view(name),
                  view(version),
                  create,
                  restore,
                  start,
                  health,
                  onRequest,
                  onEvent,
                  onTimer,
                  save,
                  stop,
                  destroy};
    return &descriptor;
}

}  // namespace stoa
