/* Asserts the layout of every released struct, in C11 and in C++17, while compiling.
 *
 * With STOA_EXACT the headers are those of the minor that the pins were taken from: sizes match. Without, they are the
 * current ones: a struct that begins with its size may have become longer, every member stays where it was. */
#include <stddef.h>
#include <stoa/abi/client.h>
#include <stoa/abi/clock.h>
#include <stoa/abi/config.h>
#include <stoa/abi/core.h>
#include <stoa/abi/crypto.h>
#include <stoa/abi/events.h>
#include <stoa/abi/external.h>
#include <stoa/abi/http.h>
#include <stoa/abi/log.h>
#include <stoa/abi/metrics.h>
#include <stoa/abi/plugin.h>
#include <stoa/abi/secret.h>
#include <stoa/abi/sql.h>
#include <stoa/abi/timer.h>

#ifdef __cplusplus
#define STOA_ASSERT static_assert
#else
#define STOA_ASSERT _Static_assert
#endif

#define STOA_FIXED(type, size) STOA_ASSERT(sizeof(type) == (size), #type " never changes its size");
#define STOA_AT(type, member, offset) STOA_ASSERT(offsetof(type, member) == (offset), #type "." #member " moved");
#ifdef STOA_EXACT
#define STOA_GROWS(type, size) STOA_ASSERT(sizeof(type) == (size), #type " has another size than in this minor");
#else
#define STOA_GROWS(type, size)                                                    \
    STOA_ASSERT(offsetof(type, struct_size) == 0, #type " begins with its size"); \
    STOA_ASSERT(sizeof(type) >= (size), #type " lost members");
#endif

#include STOA_PINS
