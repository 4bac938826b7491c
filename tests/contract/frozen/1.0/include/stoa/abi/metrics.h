/* Stoa ABI: "stoa.metrics/1" — the plugin's own series; `service` and `version` labels are added by the host. */
#ifndef STOA_ABI_METRICS_H
#define STOA_ABI_METRICS_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_METRICS_ID "stoa.metrics/1"

/* One series: a name with one set of labels. Host memory, lives as long as the generation. */
typedef struct stoa_series stoa_series;

enum { STOA_COUNTER = 0, STOA_GAUGE = 1, STOA_HISTOGRAM = 2 };

typedef struct stoa_metrics stoa_metrics;
struct stoa_metrics {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [any] Finds or makes a series. Prometheus naming; histograms get OpenTelemetry's default buckets in seconds.
     * STOA_INVALID: bad name or kind; STOA_EXHAUSTED: more than 1,000 series of this plugin. */
    stoa_status (*series)(const stoa_metrics *metrics, uint32_t kind, stoa_str name, stoa_str help,
                          const stoa_pair *labels, size_t count, stoa_series **series);
    /* [any] Adds to a counter (>= 0) or gauge, or observes a value of a histogram. */
    void (*record)(stoa_series *series, double value);
};

#ifdef __cplusplus
}
#endif

#endif
