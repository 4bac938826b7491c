#include <sys/socket.h>

#include <stoa/abi/plugin.h>

STOA_EXPORT const stoa_plugin *stoa_plugin_entry(const stoa_offer *offer, const stoa_writer *refusal) {
    (void)offer;
    (void)refusal;
    (void)socket(AF_INET, SOCK_STREAM, 0);
    return NULL;
}
