/* Stoa ABI: "stoa.external/1" — HTTP(S) to endpoints outside of the fleet.
 *
 * An endpoint has a name; its base address and credentials stand in the host's configuration
 * (`plugins.<name>.external.<endpoint>`), so a plugin can't be talked into asking another one. Each has a breaker. */
#ifndef STOA_ABI_EXTERNAL_H
#define STOA_ABI_EXTERNAL_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_EXTERNAL_ID "stoa.external/1"

typedef struct stoa_external stoa_external;
struct stoa_external {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [worker] `call->service` is the endpoint's name, `call->path` is added to its base address. Sent once, never
     * retried. No transaction may be open. `*sent` is 1 when the request, or part of it, may have reached the other
     * side: with a status other than STOA_OK the outcome is then unknown and must be asked for, not tried again. */
    stoa_status (*call)(const stoa_external *external, const stoa_call *call, stoa_reply **reply, uint32_t *sent);

    /* [any] As in stoa.client/1. */
    uint32_t (*reply_status)(const stoa_reply *reply);
    stoa_status (*reply_header)(const stoa_reply *reply, stoa_str name, stoa_str *value);
    stoa_str (*reply_body)(const stoa_reply *reply);
    void (*release)(stoa_reply *reply);
};

#ifdef __cplusplus
}
#endif

#endif
