#include <stoa/abi/plugin.h>

extern int stoa_host_internal(void);

STOA_EXPORT const stoa_plugin *stoa_plugin_entry(const stoa_offer *offer, const stoa_writer *refusal) {
    (void)offer;
    (void)refusal;
    (void)stoa_host_internal();
    return NULL;
}
