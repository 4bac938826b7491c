/* Stoa ABI: views, status codes, writers and the host's front door.
 *
 * Rules for every header of this folder: C11 that is also C++17; inputs are views that are valid for the
 * call only; outputs go through host writers or views whose life the function states; no exception, allocation or
 * C++ type crosses.
 *
 * A struct that begins with `struct_size` may grow, at its end only. Who makes it sets the size, also of one that the
 * other side fills: nothing beyond that size is read or written (STOA_HAS). Such structs are never in an array, except
 * one of pointers. stoa_str, stoa_pair and stoa_value have no size and never change. `reserved` is set to 0 and not
 * read.
 *
 * Points in time are int64_t microseconds since the epoch, UTC (`_us`); timeouts are uint32_t milliseconds (`_ms`).
 *
 * Thread tags: [io] a network thread of the host, must not block; [worker] a thread of the plugin's pool;
 * [control] the host's life-cycle thread; [any] each of them, at the same time.
 */
#ifndef STOA_ABI_CORE_H
#define STOA_ABI_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_ABI_MAJOR 1u
#define STOA_ABI_MINOR 0u

/* The one symbol that a plugin exports. */
#if defined(__cplusplus)
#define STOA_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define STOA_EXPORT __attribute__((visibility("default")))
#endif

/* A view of bytes. Text is UTF-8. Needs no terminator; `data` may be NULL when `size` is 0. */
typedef struct stoa_str {
    const char *data;
    size_t size;
} stoa_str;

/* A name and its value: a header, a log field, a label. */
typedef struct stoa_pair {
    stoa_str name;
    stoa_str value;
} stoa_pair;

/* Whether a struct with `struct_size` reaches to the end of this member. */
#define STOA_HAS(object, member) \
    ((object)->struct_size >= (size_t)((const char *)(&(object)->member + 1) - (const char *)(object)))

/* What became of a call; a value that one does not know is treated as STOA_INTERNAL. The comment gives the HTTP status
 * it maps to, and whether a retry can help. */
typedef int32_t stoa_status;
enum {
    STOA_OK = 0,
    STOA_NOT_FOUND = 1,       /* 404, no */
    STOA_CONFLICT = 2,        /* 409, after reading again (lost update, serialisation failure) */
    STOA_DUPLICATE = 3,       /* 409, no (a unique key exists already) */
    STOA_INVALID = 4,         /* 400, no */
    STOA_UNAUTHENTICATED = 5, /* 401, with other credentials */
    STOA_FORBIDDEN = 6,       /* 403, no */
    STOA_DEADLINE = 7,        /* 504, yes, with more time */
    STOA_UNAVAILABLE = 8,     /* 503, yes, later */
    STOA_EXHAUSTED = 9,       /* 429 or 503, yes, later: a queue, a pool or a budget is full */
    STOA_UNSUPPORTED = 10,    /* 501, no */
    STOA_INTERNAL = 11        /* 500, no */
};

/* Where a function puts output of a size that the caller can't know. Owned by whoever passes it, valid
 * for the call, used by the called thread alone. `write` may be called several times and appends; it fails only with
 * STOA_EXHAUSTED. */
typedef struct stoa_writer stoa_writer;
struct stoa_writer {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;
    stoa_status (*write)(const stoa_writer *writer, const void *data, size_t size);
};

/* The host, as one generation of one plugin sees it. Host memory; valid from `create` until `destroy` returns. */
typedef struct stoa_host stoa_host;
struct stoa_host {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t reserved;
    void *self;

    /* [any] The table of a capability ("stoa.sql/1"), of this generation's own, or NULL when the host has none.
     * Lives as long as the host handle. */
    const void *(*capability)(const stoa_host *host, stoa_str id);

    /* [any] Why the last capability call of this thread failed, for a log line or a problem's detail.
     * Valid until the next capability call of this thread; empty when nothing failed. Holds no secret. */
    stoa_str (*last_error)(const stoa_host *host);

    /* [any] Called by a plugin right before one of its functions answers with a failure: why, in a sentence without
     * secrets. The host shows it with a parked event, a failing timer and in its logs. Copied at once. */
    void (*explain)(const stoa_host *host, stoa_str why);
};

#ifdef __cplusplus
}
#endif

#endif
