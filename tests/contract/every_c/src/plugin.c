/* A plugin in C11 that uses every released capability, with nothing but the ABI headers: a capability is released
 * only when it has been used here. */
#include <stdio.h>
#include <stdlib.h>

#include "every.h"

static stoa_status refuse(const stoa_writer *refusal, const char *why) {
    refusal->write(refusal, why, strlen(why));
    return STOA_UNSUPPORTED;
}

/* 1 when the host has all of it. */
static int find_tables(stoa_instance *self, const stoa_host *host) {
    self->host = host;
    self->http = host->capability(host, str(STOA_HTTP_ID));
    self->sql = host->capability(host, str(STOA_SQL_ID));
    self->events = host->capability(host, str(STOA_EVENTS_ID));
    self->timer = host->capability(host, str(STOA_TIMER_ID));
    self->client = host->capability(host, str(STOA_CLIENT_ID));
    self->external = host->capability(host, str(STOA_EXTERNAL_ID));
    self->crypto = host->capability(host, str(STOA_CRYPTO_ID));
    self->secret = host->capability(host, str(STOA_SECRET_ID));
    self->metrics = host->capability(host, str(STOA_METRICS_ID));
    self->config = host->capability(host, str(STOA_CONFIG_ID));
    self->log = host->capability(host, str(STOA_LOG_ID));
    self->clock = host->capability(host, str(STOA_CLOCK_ID));
    return self->http != NULL && self->sql != NULL && self->events != NULL && self->timer != NULL &&
           self->client != NULL && self->external != NULL && self->crypto != NULL && self->secret != NULL &&
           self->metrics != NULL && self->config != NULL && self->log != NULL && self->clock != NULL;
}

/* 1 when the manifest has all of it. */
static int find_indices(stoa_instance *self) {
    const struct {
        const char *operation;
        uint32_t *index;
    } routes[] = {{"takeNote", &self->take_note}, {"getNote", &self->get_note}, {"lookAround", &self->look_around}};
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; ++i) {
        if (self->http->route(self->http, str(routes[i].operation), routes[i].index) != STOA_OK) {
            return 0;
        }
    }
    return self->events->subscription(self->events, str("note.dropped"), &self->dropped) == STOA_OK &&
           self->timer->index(self->timer, str("forget"), &self->forget) == STOA_OK;
}

static stoa_status create(const stoa_host *host, stoa_instance **instance, const stoa_writer *refusal) {
    stoa_instance *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return STOA_EXHAUSTED;
    }
    const char *lacks = NULL;
    if (!find_tables(self, host)) {
        lacks = "the host lacks a capability that the manifest names";
    } else if (!find_indices(self)) {
        lacks = "the manifest lacks a route, a subscription or a timer of the code";
    } else if (self->metrics->series(self->metrics, STOA_COUNTER, str("every_notes_total"), str("Notes taken."), NULL,
                                     0, &self->taken) != STOA_OK) {
        lacks = "the counter can't be made";
    }
    if (lacks != NULL) {
        free(self);
        return refuse(refusal, lacks);
    }
    *instance = self;
    return STOA_OK;
}

static stoa_status start(stoa_instance *self) {
    const stoa_pair field = {str("language"), str("C11")};
    self->log->write(self->log, STOA_LOG_INFO, str("plugin with every capability started"), &field, 1);
    return STOA_OK;
}

static stoa_status stop(stoa_instance *self) {
    (void)self;
    return STOA_OK;
}

static stoa_status health(stoa_instance *self, const stoa_writer *detail) {
    (void)self;
    (void)detail;
    return STOA_OK;
}

stoa_status answer(const stoa_instance *self, stoa_response *response, uint32_t code, stoa_str body) {
    stoa_status status = self->http->set_status(response, code);
    return status != STOA_OK ? status : self->http->set_body(response, str("application/json"), body);
}

static stoa_status on_request(stoa_instance *self, uint32_t route, stoa_request *request, stoa_response *response) {
    if (route == self->take_note) {
        return take_note(self, request, response);
    }
    if (route == self->get_note) {
        return get_note(self, request, response);
    }
    return route == self->look_around ? look_around(self, response) : STOA_NOT_FOUND;
}

static stoa_status on_event(stoa_instance *self, uint32_t subscription, const stoa_event *event, stoa_tx *tx) {
    return subscription == self->dropped ? drop_note(self, event->key, tx) : STOA_NOT_FOUND;
}

static stoa_status on_timer(stoa_instance *self, uint32_t timer, const stoa_firing *firing, stoa_tx *tx) {
    return timer == self->forget ? drop_note(self, firing->key, tx) : STOA_NOT_FOUND;
}

static void destroy(stoa_instance *self) { free(self); }

STOA_EXPORT const stoa_plugin *stoa_plugin_entry(const stoa_offer *offer, const stoa_writer *refusal) {
    static const stoa_plugin kPlugin = {
        .struct_size = sizeof(stoa_plugin),
        .abi_major = STOA_ABI_MAJOR,
        .abi_minor = 0,
        .name = {STOA_PLUGIN_NAME, sizeof STOA_PLUGIN_NAME - 1},
        .version = {STOA_PLUGIN_VERSION, sizeof STOA_PLUGIN_VERSION - 1},
        .create = create,
        .start = start,
        .health = health,
        .on_request = on_request,
        .on_event = on_event,
        .on_timer = on_timer,
        .stop = stop,
        .destroy = destroy,
    };
    if (offer->abi_major != STOA_ABI_MAJOR) {
        char why[96];
        const int size = snprintf(why, sizeof why, "this plugin speaks ABI %u, the host offers %u", STOA_ABI_MAJOR,
                                  (unsigned)offer->abi_major);
        refusal->write(refusal, why, (size_t)size);
        return NULL;
    }
    return &kPlugin;
}
