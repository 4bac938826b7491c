/* A plugin in plain C11, with nothing but the ABI headers. It proves that the ABI needs no SDK, and stays the first
 * thing that a new capability is tried with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stoa/abi/clock.h>
#include <stoa/abi/log.h>
#include <stoa/abi/plugin.h>

struct stoa_instance {
    const stoa_http *http;
    const stoa_log *log;
    const stoa_clock *clock;
    uint32_t echo;
    uint32_t greet;
};

static stoa_str str(const char *text) {
    stoa_str view = {text, strlen(text)};
    return view;
}

static stoa_status refuse(const stoa_writer *refusal, const char *why) {
    refusal->write(refusal, why, strlen(why));
    return STOA_UNSUPPORTED;
}

static stoa_status create(const stoa_host *host, stoa_instance **instance, const stoa_writer *refusal) {
    stoa_instance *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return STOA_EXHAUSTED;
    }
    self->http = host->capability(host, str(STOA_HTTP_ID));
    self->log = host->capability(host, str(STOA_LOG_ID));
    self->clock = host->capability(host, str(STOA_CLOCK_ID));
    if (self->http == NULL || self->log == NULL || self->clock == NULL) {
        free(self);
        return refuse(refusal, "the host lacks stoa.http/1, stoa.log/1 or stoa.clock/1");
    }
    if (self->http->route(self->http, str("echo"), &self->echo) != STOA_OK ||
        self->http->route(self->http, str("greet"), &self->greet) != STOA_OK) {
        free(self);
        return refuse(refusal, "the manifest lacks the route echo or greet");
    }
    *instance = self;
    return STOA_OK;
}

static stoa_status start(stoa_instance *self) {
    const stoa_pair field = {str("language"), str("C11")};
    self->log->write(self->log, STOA_LOG_INFO, str("plain plugin started"), &field, 1);
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

static stoa_status answer(const stoa_instance *self, stoa_response *response, stoa_str body) {
    stoa_status status = self->http->set_status(response, 200);
    return status != STOA_OK ? status : self->http->set_body(response, str("application/json"), body);
}

static stoa_status greet(const stoa_instance *self, const stoa_request *request, stoa_response *response) {
    stoa_str name = {NULL, 0};
    stoa_status status = self->http->path_param(request, str("name"), &name);
    if (status != STOA_OK) {
        return status;
    }
    /* The route's schema admits at most 40 letters, so that nothing needs escaping. */
    char text[128];
    const int size = snprintf(text, sizeof text, "{\"greeting\":\"Hello, %.*s\",\"at\":%lld}", (int)name.size,
                              name.data, (long long)self->clock->now_us(self->clock));
    if (size < 0 || (size_t)size >= sizeof text) {
        return STOA_INVALID;
    }
    const stoa_str body = {text, (size_t)size};
    return answer(self, response, body);
}

static stoa_status on_request(stoa_instance *self, uint32_t route, stoa_request *request, stoa_response *response) {
    if (route == self->echo) {
        return answer(self, response, self->http->body(request));
    }
    return route == self->greet ? greet(self, request, response) : STOA_NOT_FOUND;
}

static stoa_status on_event(stoa_instance *self, uint32_t subscription, const stoa_event *event, stoa_tx *tx) {
    (void)self;
    (void)subscription;
    (void)event;
    (void)tx;
    return STOA_NOT_FOUND;
}

static stoa_status on_timer(stoa_instance *self, uint32_t timer, const stoa_firing *firing, stoa_tx *tx) {
    (void)self;
    (void)timer;
    (void)firing;
    (void)tx;
    return STOA_NOT_FOUND;
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
