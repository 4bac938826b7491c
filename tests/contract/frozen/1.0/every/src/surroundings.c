#include <stdio.h>

#include "every.h"

/* A writer of this plugin's own, into a buffer of fixed size. */
typedef struct buffer {
    char data[256];
    size_t size;
} buffer;

static stoa_status append(const stoa_writer *writer, const void *data, size_t size) {
    buffer *into = writer->self;
    if (size > sizeof into->data - into->size) {
        return STOA_EXHAUSTED;
    }
    memcpy(into->data + into->size, data, size);
    into->size += size;
    return STOA_OK;
}

/* SHA-256 of the secret "pepper", or of random bytes where none is configured; in hexadecimal. */
static stoa_status digest(const stoa_instance *self, char hex[65]) {
    buffer value = {.size = 0};
    const stoa_writer writer = {sizeof writer, 0, &value, append};
    if (self->secret->read(self->secret, str("pepper"), &writer) != STOA_OK) {
        value.size = 16;
        const stoa_status status = self->crypto->random(self->crypto, value.data, value.size);
        if (status != STOA_OK) {
            return status;
        }
    }
    const stoa_str data = {value.data, value.size};
    uint8_t first[32];
    uint8_t second[32];
    stoa_status status = self->crypto->sha256(self->crypto, data, first);
    if (status == STOA_OK) {
        status = self->crypto->sha256(self->crypto, data, second);
    }
    const stoa_str a = {(const char *)first, sizeof first};
    const stoa_str b = {(const char *)second, sizeof second};
    if (status != STOA_OK || self->crypto->equal(self->crypto, a, b) != 1) {
        return STOA_INTERNAL;
    }
    for (size_t i = 0; i < sizeof first; ++i) {
        snprintf(hex + 2 * i, 3, "%02x", first[i]);
    }
    return STOA_OK;
}

static stoa_call call_to(const char *name) {
    stoa_call call = {.struct_size = sizeof call, .timeout_ms = 1000};
    call.service = str(name);
    call.method = str("GET");
    call.path = str("/api/v1/greetings");
    return call;
}

/* The HTTP status of the answer, or minus the status of the call. */
static int neighbour(const stoa_instance *self) {
    const stoa_call call = call_to("greeter");
    const stoa_call *calls[] = {&call};
    stoa_status status = STOA_INTERNAL;
    stoa_reply *reply = NULL;
    const stoa_status all = self->client->call_all(self->client, calls, 1, &status, &reply);
    if (all != STOA_OK || status != STOA_OK) {
        return -(int)(all != STOA_OK ? all : status);
    }
    const int code = (int)self->client->reply_status(reply);
    self->client->release(reply);
    return code;
}

static int endpoint(const stoa_instance *self, uint32_t *sent) {
    const stoa_call call = call_to("oracle");
    stoa_reply *reply = NULL;
    const stoa_status status = self->external->call(self->external, &call, &reply, sent);
    if (status != STOA_OK) {
        return -(int)status;
    }
    const int code = (int)self->external->reply_status(reply);
    self->external->release(reply);
    return code;
}

stoa_status look_around(const stoa_instance *self, stoa_response *response) {
    char hex[65];
    const stoa_status status = digest(self, hex);
    if (status != STOA_OK) {
        self->host->explain(self->host, str("the digest can't be made"));
        return status;
    }
    uint32_t sent = 0;
    const int near = neighbour(self);
    const int far = endpoint(self, &sent);
    const stoa_str settings = self->config->json(self->config);
    char text[512];
    const int size = snprintf(text, sizeof text,
                              "{\"settings\":%.*s,\"digest\":\"%s\",\"neighbour\":%d,\"endpoint\":%d,\"sent\":%u}",
                              (int)settings.size, settings.data, hex, near, far, (unsigned)sent);
    if (size < 0 || (size_t)size >= sizeof text) {
        return STOA_INTERNAL;
    }
    const stoa_str body = {text, (size_t)size};
    return answer(self, response, 200, body);
}
