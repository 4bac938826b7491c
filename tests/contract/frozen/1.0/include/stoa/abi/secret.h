/* Stoa ABI: "stoa.secret/1" — secrets by name; their references (file:, env:, credential:) stand in the host's
 * configuration under `plugins.<name>.secrets`. */
#ifndef STOA_ABI_SECRET_H
#define STOA_ABI_SECRET_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_SECRET_ID "stoa.secret/1"

typedef struct stoa_secret stoa_secret;
struct stoa_secret {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [any] Writes the secret's value. STOA_NOT_FOUND: no such name; STOA_UNAVAILABLE: its source can't be read. Don't
     * keep it longer than needed, never log it. */
    stoa_status (*read)(const stoa_secret *secret, stoa_str name, const stoa_writer *value);
};

#ifdef __cplusplus
}
#endif

#endif
