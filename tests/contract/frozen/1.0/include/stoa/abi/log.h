/* Stoa ABI: "stoa.log/1" — one JSON object a line, with service, version, generation and correlation added. */
#ifndef STOA_ABI_LOG_H
#define STOA_ABI_LOG_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_LOG_ID "stoa.log/1"

enum { STOA_LOG_DEBUG = 0, STOA_LOG_INFO = 1, STOA_LOG_WARN = 2, STOA_LOG_ERROR = 3 };

typedef struct stoa_log stoa_log;
struct stoa_log {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [any] 1 when lines of this level are written at all. */
    uint32_t (*enabled)(const stoa_log *log, uint32_t level);
    /* [any] A constant sentence, and what varies as fields. Never a secret, a token, or a person's data. */
    void (*write)(const stoa_log *log, uint32_t level, stoa_str message, const stoa_pair *fields, size_t count);
};

#ifdef __cplusplus
}
#endif

#endif
