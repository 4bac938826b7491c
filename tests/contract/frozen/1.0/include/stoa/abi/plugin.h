/* Stoa ABI: what a plugin is to the host. See core.h for the rules and thread tags. */
#ifndef STOA_ABI_PLUGIN_H
#define STOA_ABI_PLUGIN_H

#include "core.h"
#include "events.h"
#include "http.h"
#include "timer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The plugin's own object. Opaque to the host. */
typedef struct stoa_instance stoa_instance;

/* What the host can do, offered before anything else is called. */
typedef struct stoa_offer {
    uint32_t struct_size;
    uint32_t abi_major; /* the one major that this host speaks */
    uint32_t abi_minor; /* the highest minor that it knows */
    uint32_t reserved;
    stoa_str host_version; /* for messages; valid for the call */
} stoa_offer;

/* One loaded version of a service. Static memory of the plugin, constant.
 * Order of calls: create, restore?, start, (on_request | on_event | on_timer | health)*, save?, stop, destroy.
 * Every function is a barrier: it throws nothing and answers with a status. Only `restore` and `save` may be NULL. */
typedef struct stoa_plugin {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor; /* the lowest minor that the plugin needs */
    uint32_t reserved;
    stoa_str name; /* as in the manifest */
    stoa_str version;

    /* [control] Makes the instance. May use every capability but must not publish or start work.
     * On failure `*instance` stays NULL and a reason went to `refusal`. */
    stoa_status (*create)(const stoa_host *host, stoa_instance **instance, const stoa_writer *refusal);

    /* [control] Takes over a predecessor's blob, whose format number it carries itself. Optional (NULL); nothing may
     * depend on it. */
    stoa_status (*restore)(stoa_instance *instance, stoa_str blob);

    /* [control] From now on requests, events and timers come. */
    stoa_status (*start)(stoa_instance *instance);

    /* [control] STOA_OK when it can serve. Fast; no call to another service. `detail` gets a sentence otherwise. */
    stoa_status (*health)(stoa_instance *instance, const stoa_writer *detail);

    /* [worker], or [io] for a route that the manifest marks nonblocking. `route` is the index of the route in
     * the manifest. STOA_OK: the answer is what was set. Otherwise the call failed: the answer is what was set all the
     * same, or the status' own when nothing was, and nothing is kept for the idempotency key. */
    stoa_status (*on_request)(stoa_instance *instance, uint32_t route, stoa_request *request, stoa_response *response);

    /* [worker] One event, in the transaction that also holds the inbox row; the host commits it when STOA_OK
     * comes back and rolls it back otherwise. `subscription` is the index in the manifest. STOA_UNAVAILABLE,
     * STOA_CONFLICT and STOA_DEADLINE are tried again at once, a few times; the rest parks the event. */
    stoa_status (*on_event)(stoa_instance *instance, uint32_t subscription, const stoa_event *event, stoa_tx *tx);

    /* [worker] A timer is due. `timer` is the index in the manifest; `tx` is the claiming transaction for a timer
     * that the manifest marks transactional, NULL for the others, which must be idempotent. */
    stoa_status (*on_timer)(stoa_instance *instance, uint32_t timer, const stoa_firing *firing, stoa_tx *tx);

    /* [control] Writes an opaque blob for the successor's restore. Optional (NULL). */
    stoa_status (*save)(stoa_instance *instance, const stoa_writer *blob);

    /* [control] Nothing comes any more; joins the plugin's own threads, if it has any. */
    stoa_status (*stop)(stoa_instance *instance);

    /* [control] Frees the instance. After it returns the library may be unmapped. */
    void (*destroy)(stoa_instance *instance);
} stoa_plugin;

/* [control] The only exported function of a plugin, named `stoa_plugin_entry`. Answers with its descriptor, or
 * with NULL and a sentence in `refusal` that names what differs and what was expected. Runs no other code. */
typedef const stoa_plugin *(*stoa_plugin_entry_fn)(const stoa_offer *offer, const stoa_writer *refusal);

#ifdef __cplusplus
}
#endif

#endif
