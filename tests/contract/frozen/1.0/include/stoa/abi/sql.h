/* Stoa ABI: "stoa.sql/1" — the plugin's own relational database: SQLite or PostgreSQL, by configuration.
 *
 * SQL is the common subset of both; parameters are $1, $2 …. Money is int64 minor units, time int64 microseconds since
 * the epoch (UTC), identifiers text, booleans bool. `SELECT *` and `RETURNING *` are refused: they break under an
 * upgrade that adds a column. There is no FOR UPDATE: use conditional updates. */
#ifndef STOA_ABI_SQL_H
#define STOA_ABI_SQL_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_SQL_ID "stoa.sql/1"

typedef struct stoa_tx stoa_tx;     /* a transaction; used by one thread */
typedef struct stoa_rows stoa_rows; /* a result; used by one thread */

enum { STOA_NULL = 0, STOA_INT64 = 1, STOA_DOUBLE = 2, STOA_TEXT = 3, STOA_BYTES = 4, STOA_BOOL = 5 };

/* Never grows: a new type is a new number that fits into the 16 bytes of `as`. */
typedef struct stoa_value {
    uint32_t type; /* STOA_NULL … STOA_BOOL */
    uint32_t reserved;
    union {
        int64_t i; /* STOA_INT64; STOA_BOOL as 0 or 1 */
        double d;
        stoa_str s; /* STOA_TEXT, STOA_BYTES */
    } as;
} stoa_value;

enum { STOA_TX_READ = 0, STOA_TX_WRITE = 1 };

typedef struct stoa_sql stoa_sql;
struct stoa_sql {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [worker] Begins. Waits for a connection within the current deadline: STOA_EXHAUSTED, STOA_UNAVAILABLE.
     * `*tx` must be ended by commit or rollback before the handler returns. */
    stoa_status (*begin)(const stoa_sql *sql, uint32_t mode, stoa_tx **tx);

    /* [worker] Runs one statement. `*rows` gets the result, to be closed (also when it is empty); `*affected` the
     * number of rows changed. Either may be NULL. STOA_DUPLICATE for a unique violation, STOA_CONFLICT for a check,
     * foreign-key or serialisation failure, STOA_INVALID for bad SQL or a wrong parameter, STOA_DEADLINE. After a
     * failure the transaction can only be rolled back. */
    stoa_status (*execute)(stoa_tx *tx, stoa_str statement, const stoa_value *parameters, size_t count,
                           stoa_rows **rows, int64_t *affected);

    /* [worker] Moves to the next row: STOA_OK, or STOA_NOT_FOUND after the last. Starts before the first. */
    stoa_status (*next)(stoa_rows *rows);
    /* [worker] A column of the current row; views live until `next` or `close`. STOA_INVALID: no such column. */
    stoa_status (*column)(const stoa_rows *rows, uint32_t index, stoa_value *value);
    /* [worker] Index of the first column of this name. STOA_INVALID: there is none. */
    stoa_status (*column_index)(const stoa_rows *rows, stoa_str name, uint32_t *index);
    /* [worker] Frees the result. Also right after a failure of `next`. */
    void (*close)(stoa_rows *rows);

    /* [worker] Ends the transaction and frees it, whatever comes back. STOA_OK of commit means durable.
     * STOA_CONFLICT: nothing was done, try the whole again. STOA_UNAVAILABLE: the outcome is unknown. */
    stoa_status (*commit)(stoa_tx *tx);
    /* [worker] Undoes and frees it; never fails. */
    void (*rollback)(stoa_tx *tx);
};

#ifdef __cplusplus
}
#endif

#endif
