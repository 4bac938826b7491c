/* Stoa ABI: "stoa.config/1" — the plugin's own configuration. */
#ifndef STOA_ABI_CONFIG_H
#define STOA_ABI_CONFIG_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_CONFIG_ID "stoa.config/1"

typedef struct stoa_config stoa_config;
struct stoa_config {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [any] The section `plugins.<name>.settings` as a JSON object: valid for the manifest's config schema, with that
     * schema's defaults filled in. Constant for the life of the generation: a change of configuration is a new one. */
    stoa_str (*json)(const stoa_config *config);
};

#ifdef __cplusplus
}
#endif

#endif
