/* What the sources of this plugin share. */
#ifndef EVERY_H
#define EVERY_H

#include <stoa/abi/client.h>
#include <stoa/abi/clock.h>
#include <stoa/abi/config.h>
#include <stoa/abi/crypto.h>
#include <stoa/abi/external.h>
#include <stoa/abi/log.h>
#include <stoa/abi/metrics.h>
#include <stoa/abi/plugin.h>
#include <stoa/abi/secret.h>
#include <string.h>

struct stoa_instance {
    const stoa_host *host;
    const stoa_http *http;
    const stoa_sql *sql;
    const stoa_events *events;
    const stoa_timer *timer;
    const stoa_client *client;
    const stoa_external *external;
    const stoa_crypto *crypto;
    const stoa_secret *secret;
    const stoa_metrics *metrics;
    const stoa_config *config;
    const stoa_log *log;
    const stoa_clock *clock;
    stoa_series *taken;
    uint32_t take_note, get_note, look_around;
    uint32_t dropped;
    uint32_t forget;
};

static inline stoa_str str(const char *text) {
    stoa_str view = {text, strlen(text)};
    return view;
}

stoa_status answer(const stoa_instance *self, stoa_response *response, uint32_t code, stoa_str body);

/* notes.c: a row, an event, a timer and an answer in one commit. */
stoa_status take_note(const stoa_instance *self, const stoa_request *request, stoa_response *response);
stoa_status get_note(const stoa_instance *self, const stoa_request *request, stoa_response *response);
stoa_status drop_note(const stoa_instance *self, stoa_str id, stoa_tx *tx);

/* surroundings.c: what the host knows, and two calls. */
stoa_status look_around(const stoa_instance *self, stoa_response *response);

#endif
