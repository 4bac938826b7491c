/* Stoa ABI: "stoa.http/1" — the request that came and the answer to it. */
#ifndef STOA_ABI_HTTP_H
#define STOA_ABI_HTTP_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_HTTP_ID "stoa.http/1"

typedef struct stoa_request stoa_request;   /* host memory, valid until the handler returns */
typedef struct stoa_response stoa_response; /* host memory, valid until the handler returns */
struct stoa_tx;

/* Who calls, as verified by the host from the tokens of the request. Views live as long as the request. */
typedef struct stoa_caller {
    uint32_t struct_size;
    uint32_t authenticated; /* 1: `subject` is a verified user */
    stoa_str subject;       /* user id (claim `sub`), or empty */
    stoa_str roles;         /* space-separated, e.g. "customer staff" */
    stoa_str session;       /* claim `sid`, or empty */
    stoa_str service;       /* the calling service, verified by its service token, or empty */
    stoa_str address;       /* address of the peer at the edge, without port; for throttling, not for trust */
} stoa_caller;

/* The claim on the Idempotency-Key of this request (IETF draft-ietf-httpapi-idempotency-key-header). */
typedef struct stoa_claim {
    uint32_t struct_size;
    uint32_t attempt;     /* 1 for the first; higher: an earlier one may have done part of the work */
    stoa_str key;         /* as sent */
    stoa_str resource_id; /* UUIDv7, the same for every attempt: the id of what the request creates */
} stoa_claim;

/* Lets the host answer in the plugin's place by proxying to a service, streaming both ways. Headers that are set on the
 * response are set on the proxied answer, too. */
typedef struct stoa_forward {
    uint32_t struct_size;
    uint32_t timeout_ms;  /* 0: what is left of the request's deadline */
    stoa_str service;     /* name of the target */
    stoa_str path;        /* path and query to ask for */
    const stoa_pair *set; /* headers to set on the way in */
    size_t set_count;
    const stoa_str *drop; /* headers to drop on the way in; hop-by-hop and identity headers always go */
    size_t drop_count;
    stoa_str require; /* "public", "user" or "staff": the host checks the token before it forwards */
} stoa_forward;

typedef struct stoa_http stoa_http;
struct stoa_http {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [control] Index of the manifest's route with this operation id. STOA_NOT_FOUND: the manifest has none. */
    stoa_status (*route)(const stoa_http *http, stoa_str operation, uint32_t *index);
    /* [control] The other way round: the operation id of the route with this index, a view that lives as long
     * as the generation. STOA_NOT_FOUND: beyond the last. */
    stoa_status (*operation)(const stoa_http *http, uint32_t index, stoa_str *operation);

    /* [io] [worker] All views below live until the handler returns. Absent: STOA_NOT_FOUND and an empty view. */
    stoa_str (*method)(const stoa_request *request);
    stoa_str (*path)(const stoa_request *request);                                          /* raw, without query */
    stoa_status (*path_param)(const stoa_request *request, stoa_str name, stoa_str *value); /* decoded */
    stoa_status (*query)(const stoa_request *request, stoa_str name, stoa_str *value);      /* decoded, first one */
    stoa_str (*query_string)(const stoa_request *request);                                  /* raw */
    stoa_status (*header)(const stoa_request *request, stoa_str name, stoa_str *value);     /* any case */
    stoa_str (*body)(
        const stoa_request *request); /* whole body, checked against the route's schema; empty when streaming */

    /* [worker] Next bytes of the body of a route marked `streaming`; `*size` 0 at its end. Blocks; STOA_DEADLINE
     * when the sender is too slow, STOA_UNAVAILABLE when it is gone, STOA_EXHAUSTED over the route's maxBody. */
    stoa_status (*read)(stoa_request *request, void *buffer, size_t capacity, size_t *size);

    /* [io] [worker] Fill what `struct_size` covers; set it before. STOA_INVALID: it is shorter than the struct of 1.0.
     */
    stoa_status (*caller)(const stoa_request *request, stoa_caller *caller);
    stoa_status (*claim)(const stoa_request *request,
                         stoa_claim *claim);              /* STOA_NOT_FOUND: the route has no idempotency */
    int64_t (*remaining_us)(const stoa_request *request); /* time left to answer; <= 0 when it is over */

    /* [io] [worker] The answer. Everything is copied at once. `set_status` begins it: whatever was set before is
     * forgotten, so that work which is tried again leaves nothing of its first attempt. */
    stoa_status (*set_status)(stoa_response *response, uint32_t status);
    stoa_status (*set_header)(stoa_response *response, stoa_str name,
                              stoa_str value); /* Content-Length and hop headers are the host's: STOA_INVALID */
    stoa_status (*set_body)(stoa_response *response, stoa_str content_type, stoa_str body);
    stoa_status (*forward)(stoa_response *response, const stoa_forward *forward);

    /* [worker] Puts the answer as set so far into the transaction, for the request's idempotency key: state, events
     * and answer then share one commit. STOA_CONFLICT: another attempt took over, roll back. STOA_OK without a claim.
     */
    stoa_status (*store)(stoa_response *response, struct stoa_tx *tx);
};

#ifdef __cplusplus
}
#endif

#endif
