/* Stoa ABI, draft: "stoa.trace/1" — spans of the plugin's own inside the host's (W3C Trace Context). */
#ifndef STOA_ABI_TRACE_H
#define STOA_ABI_TRACE_H

#include "../core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_TRACE_ID "stoa.trace/1"

typedef struct stoa_span stoa_span; /* host memory; freed by `end` */

typedef struct stoa_trace stoa_trace;
struct stoa_trace {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [worker] A child of this thread's current span, which it becomes until `end`. Spans end in reverse order. */
    stoa_status (*begin)(const stoa_trace *trace, stoa_str name, stoa_span **span);
    /* [worker] Of an open span of this thread; copied at once. */
    void (*attribute)(stoa_span *span, stoa_str name, stoa_str value);
    /* [worker] Ends and frees it. */
    void (*end)(stoa_span *span, stoa_status status);

    /* [worker] Ids of the work that this thread does now; empty outside of any. Valid until the handler returns. */
    stoa_str (*correlation_id)(const stoa_trace *trace);
    stoa_str (*trace_id)(const stoa_trace *trace);
};

#ifdef __cplusplus
}
#endif

#endif
