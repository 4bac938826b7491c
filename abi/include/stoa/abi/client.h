/* Stoa ABI: "stoa.client/1" — REST calls to other services, by name.
 *
 * The host discovers, balances, retries idempotent calls within a budget, breaks circuits, passes the deadline,
 * correlation and trace on, and adds the service token. No transaction may be open: STOA_INVALID. */
#ifndef STOA_ABI_CLIENT_H
#define STOA_ABI_CLIENT_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_CLIENT_ID "stoa.client/1"

typedef struct stoa_reply stoa_reply; /* host memory; give it back with `release` */

typedef struct stoa_call {
    uint32_t struct_size;
    uint32_t timeout_ms; /* 0: what is left of the current deadline, else the configured default */
    stoa_str service;    /* "product" */
    stoa_str method;
    stoa_str path;         /* path and query, e.g. "/api/v1/products/0190…" */
    stoa_str content_type; /* of `body`; empty without one */
    stoa_str body;
    const stoa_pair *headers; /* Authorization and hop headers are refused: STOA_INVALID */
    size_t header_count;
    uint32_t as_user;    /* 1: the user's token of the current request travels too */
    uint32_t idempotent; /* 1: may be sent again though its method is not idempotent (it has an Idempotency-Key) */
} stoa_call;

/* A route of the fleet, as the registry knows it. Filled by `resolve`; set `struct_size` before. */
typedef struct stoa_route_info {
    uint32_t struct_size;
    uint32_t found;      /* 1: path and method are served; 0: see `path_known` */
    uint32_t path_known; /* 1: the path is served with other methods (answer 405 with `allow`) */
    uint32_t reserved;
    stoa_str service; /* views into host memory, valid until the handler returns */
    stoa_str auth;    /* "public" "user" "staff" "service" */
    stoa_str route;   /* template, e.g. "/api/v1/orders/{orderId}" */
    stoa_str allow;   /* "GET, POST", without routes of auth "service" */
} stoa_route_info;

typedef struct stoa_client stoa_client;
struct stoa_client {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [worker] One call. STOA_OK whenever an HTTP answer came, of any status. Otherwise: STOA_UNAVAILABLE (nobody
     * there, breaker open, or connection lost), STOA_DEADLINE, STOA_EXHAUSTED. `*reply` is set only with STOA_OK. */
    stoa_status (*call)(const stoa_client *client, const stoa_call *call, stoa_reply **reply);

    /* [worker] Several at once, within one deadline. `statuses[i]` and `replies[i]` belong to `*calls[i]`.
     * STOA_OK when all were tried. */
    stoa_status (*call_all)(const stoa_client *client, const stoa_call *const *calls, size_t count,
                            stoa_status *statuses, stoa_reply **replies);

    /* [any] Of a reply; the views live until `release`. */
    uint32_t (*reply_status)(const stoa_reply *reply);
    stoa_status (*reply_header)(const stoa_reply *reply, stoa_str name, stoa_str *value);
    stoa_str (*reply_body)(const stoa_reply *reply);
    void (*release)(stoa_reply *reply);

    /* [io] [worker] Who serves this method and path in the fleet. For a gateway. STOA_NOT_FOUND: nobody; then
     * `info->path_known` says whether another method would be. STOA_UNAVAILABLE: nobody so far, but the host has not
     * heard of all others yet (answer 503). */
    stoa_status (*resolve)(const stoa_client *client, stoa_str method, stoa_str path, stoa_route_info *info);

    /* [worker] Names of the services that the registry knows, one a line. */
    stoa_status (*services)(const stoa_client *client, const stoa_writer *names);

    /* [worker] OpenAPI document (JSON) of a service, as it registered it. */
    stoa_status (*openapi)(const stoa_client *client, stoa_str service, const stoa_writer *document);
};

#ifdef __cplusplus
}
#endif

#endif
