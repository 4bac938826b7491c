/* Stoa ABI: "stoa.timer/1" — durable timers and jobs, rows in the plugin's own database.
 *
 * A timer is unique by (name, key). One that is due now is a job: it runs as soon as its transaction has committed. */
#ifndef STOA_ABI_TIMER_H
#define STOA_ABI_TIMER_H

#include "core.h"
#include "sql.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_TIMER_ID "stoa.timer/1"

/* A timer that is due. Views live until the handler returns. */
typedef struct stoa_firing {
    uint32_t struct_size;
    uint32_t attempt; /* from 1; rises when an earlier attempt failed or its lease ran out */
    stoa_str key;
    stoa_str payload;
    int64_t due_us;
} stoa_firing;

typedef struct stoa_timer stoa_timer;
struct stoa_timer {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [control] Index of the manifest's timer of this name. STOA_NOT_FOUND: the manifest has none. */
    stoa_status (*index)(const stoa_timer *timer, stoa_str name, uint32_t *index);
    /* [control] The other way round: name of the timer with this index (a view that lives as long as the generation),
     * and whether the manifest marks it transactional (1) or not (0). STOA_NOT_FOUND: beyond the last. */
    stoa_status (*name)(const stoa_timer *timer, uint32_t index, stoa_str *name, uint32_t *transactional);

    /* [worker] Sets or moves the timer, with the commit of `tx`. `due_us`: microseconds since the epoch; the past
     * means at once. A handler that fails is called again after 1 s, doubling up to 60 s; the timer goes only when
     * it succeeds, and only if nobody has set it anew meanwhile. */
    stoa_status (*set)(const stoa_timer *timer, stoa_tx *tx, stoa_str name, stoa_str key, int64_t due_us,
                       stoa_str payload);

    /* [worker] Removes it, with the commit of `tx`. STOA_OK also when there was none. */
    stoa_status (*cancel)(const stoa_timer *timer, stoa_tx *tx, stoa_str name, stoa_str key);
};

#ifdef __cplusplus
}
#endif

#endif
