#include <stdio.h>

#include "every.h"

static const int64_t kHour = 3600000000;

static stoa_value text_value(stoa_str text) {
    stoa_value value = {.type = STOA_TEXT, .as = {.s = text}};
    return value;
}

static stoa_status insert(const stoa_instance *self, stoa_tx *tx, stoa_str id, stoa_str body) {
    const stoa_value row[] = {text_value(id), text_value(body), {.type = STOA_INT64, .as = {.i = 1}}};
    int64_t affected = 0;
    stoa_status status = self->sql->execute(tx, str("INSERT INTO notes (id, body, version) VALUES ($1, $2, $3)"), row,
                                            3, NULL, &affected);
    return status == STOA_OK && affected != 1 ? STOA_INTERNAL : status;
}

static stoa_status publish(const stoa_instance *self, stoa_tx *tx, stoa_str id) {
    char data[160];
    const int size = snprintf(data, sizeof data,
                              "{\"noteId\":\"%.*s\",\"aggregateVersion\":1,\"timestamp\":\"2026-01-05T09:00:00Z\"}",
                              (int)id.size, id.data);
    if (size < 0 || (size_t)size >= sizeof data) {
        return STOA_INVALID;
    }
    stoa_event event = {.struct_size = sizeof event, .aggregate_version = 1};
    event.topic = str("note.taken");
    event.key = id;
    event.data.data = data;
    event.data.size = (size_t)size;
    event.aggregate_type = str("note");
    return self->events->publish(self->events, tx, &event);
}

/* Everything that shares the commit. */
static stoa_status keep(const stoa_instance *self, stoa_tx *tx, stoa_str id, stoa_str body, stoa_response *response) {
    stoa_status status = insert(self, tx, id, body);
    if (status == STOA_OK) {
        status = publish(self, tx, id);
    }
    if (status == STOA_OK) {
        const int64_t due = self->clock->now_us(self->clock) + kHour;
        status = self->timer->set(self->timer, tx, str("forget"), id, due, str("{}"));
    }
    if (status == STOA_OK) {
        char text[80];
        const int size = snprintf(text, sizeof text, "{\"noteId\":\"%.*s\"}", (int)id.size, id.data);
        const stoa_str made = {text, size > 0 && (size_t)size < sizeof text ? (size_t)size : 0};
        status = answer(self, response, 201, made);
    }
    return status == STOA_OK ? self->http->store(response, tx) : status;
}

stoa_status take_note(const stoa_instance *self, const stoa_request *request, stoa_response *response) {
    stoa_claim claim = {.struct_size = sizeof claim};
    stoa_status status = self->http->claim(request, &claim);
    if (status != STOA_OK) {
        return status;
    }
    stoa_tx *tx = NULL;
    status = self->sql->begin(self->sql, STOA_TX_WRITE, &tx);
    if (status != STOA_OK) {
        return status;
    }
    status = keep(self, tx, claim.resource_id, self->http->body(request), response);
    if (status != STOA_OK) {
        self->sql->rollback(tx);
        return status;
    }
    status = self->sql->commit(tx);
    if (status == STOA_OK) {
        self->metrics->record(self->taken, 1.0);
    }
    return status;
}

static stoa_status read_note(const stoa_instance *self, stoa_tx *tx, stoa_str id, stoa_response *response) {
    const stoa_value wanted = text_value(id);
    stoa_rows *rows = NULL;
    stoa_status status =
        self->sql->execute(tx, str("SELECT body, version FROM notes WHERE id = $1"), &wanted, 1, &rows, NULL);
    if (status != STOA_OK) {
        return status;
    }
    uint32_t column = 0;
    stoa_value body = {.type = STOA_NULL};
    status = self->sql->next(rows);
    if (status == STOA_OK) {
        status = self->sql->column_index(rows, str("body"), &column);
    }
    if (status == STOA_OK) {
        status = self->sql->column(rows, column, &body);
    }
    if (status == STOA_OK) {
        status = body.type == STOA_TEXT ? answer(self, response, 200, body.as.s) : STOA_INTERNAL;
    }
    self->sql->close(rows);
    return status;
}

stoa_status get_note(const stoa_instance *self, const stoa_request *request, stoa_response *response) {
    stoa_str id = {NULL, 0};
    stoa_status status = self->http->path_param(request, str("noteId"), &id);
    if (status != STOA_OK) {
        return status;
    }
    stoa_tx *tx = NULL;
    status = self->sql->begin(self->sql, STOA_TX_READ, &tx);
    if (status != STOA_OK) {
        return status;
    }
    status = read_note(self, tx, id, response);
    self->sql->rollback(tx);
    return status;
}

stoa_status drop_note(const stoa_instance *self, stoa_str id, stoa_tx *tx) {
    const stoa_value wanted = text_value(id);
    stoa_status status = self->sql->execute(tx, str("DELETE FROM notes WHERE id = $1"), &wanted, 1, NULL, NULL);
    return status == STOA_OK ? self->timer->cancel(self->timer, tx, str("forget"), id) : status;
}
