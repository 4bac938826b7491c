#include <stdlib.h>

#include <stoa/abi/plugin.h>

STOA_EXPORT const stoa_plugin *stoa_plugin_entry(const stoa_offer *offer, const stoa_writer *refusal) {
    (void)refusal;
    if (offer == NULL) {
        exit(1);
    }
    return NULL;
}
