/* Stoa ABI: "stoa.clock/1" — time that tests can move. */
#ifndef STOA_ABI_CLOCK_H
#define STOA_ABI_CLOCK_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_CLOCK_ID "stoa.clock/1"

typedef struct stoa_clock stoa_clock;
struct stoa_clock {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [any] Microseconds since the epoch, UTC. */
    int64_t (*now_us)(const stoa_clock *clock);
    /* [any] Microseconds from an arbitrary start, never going back. */
    int64_t (*monotonic_us)(const stoa_clock *clock);
};

#ifdef __cplusplus
}
#endif

#endif
