/* Stoa ABI: "stoa.events/1" — events published in a transaction; and the events that come.
 *
 * On the wire: CloudEvents 1.0, binary mode. At least once on the wire, once in effect (the host keeps the inbox).
 * Order holds per (topic, key). */
#ifndef STOA_ABI_EVENTS_H
#define STOA_ABI_EVENTS_H

#include "core.h"
#include "sql.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_EVENTS_ID "stoa.events/1"

typedef struct stoa_event {
    uint32_t struct_size;
    uint32_t reserved;
    stoa_str topic;            /* "order.created"; also the CloudEvents type */
    stoa_str key;              /* id of the aggregate; decides partition and order */
    stoa_str data;             /* JSON, valid for the topic's schema in the manifest */
    int64_t aggregate_version; /* version of the aggregate that this event brought about, from 1 */
    stoa_str aggregate_type;   /* "order" */
    /* Set by the host, ignored when publishing: */
    stoa_str id;     /* unique, stays the same on every delivery */
    stoa_str source; /* publishing service */
    int64_t time_us; /* when it was published */
    stoa_str correlation_id;
} stoa_event;

typedef struct stoa_events stoa_events;
struct stoa_events {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [control] Index of the manifest's subscription to this topic. STOA_NOT_FOUND: the manifest has none. */
    stoa_status (*subscription)(const stoa_events *events, stoa_str topic, uint32_t *index);
    /* [control] The other way round: the topic of the subscription with this index, a view that lives as long as
     * the generation. STOA_NOT_FOUND: beyond the last. */
    stoa_status (*topic)(const stoa_events *events, uint32_t index, stoa_str *topic);

    /* [worker] Publishes with the commit of `tx`: the row lies in the plugin's own outbox. Write the aggregate's row
     * before, so that positions follow versions. STOA_INVALID: topic not in the manifest or data not valid for its
     * schema, with the field in last_error. */
    stoa_status (*publish)(const stoa_events *events, stoa_tx *tx, const stoa_event *event);
};

#ifdef __cplusplus
}
#endif

#endif
