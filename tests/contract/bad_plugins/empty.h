/* The least that a plugin has. */
#pragma once

#include <stoa/abi/plugin.h>

STOA_EXPORT const stoa_plugin *stoa_plugin_entry(const stoa_offer *offer, const stoa_writer *refusal) {
    (void)offer;
    (void)refusal;
    return NULL;
}
