/* Stoa ABI, draft: "stoa.memory/1" — memory that is counted for each generation, so that a leak has a name. */
#ifndef STOA_ABI_MEMORY_H
#define STOA_ABI_MEMORY_H

#include "../core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_MEMORY_ID "stoa.memory/1"

typedef struct stoa_memory stoa_memory;
struct stoa_memory {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [any] `alignment` is a power of two. NULL when there is none left, or the generation is over its limit. */
    void *(*allocate)(const stoa_memory *memory, size_t size, size_t alignment);
    /* [any] With the size and alignment of its allocation. NULL is ignored. */
    void (*release)(const stoa_memory *memory, void *block, size_t size, size_t alignment);
    /* [any] Bytes that this generation holds now. */
    int64_t (*in_use)(const stoa_memory *memory);
};

#ifdef __cplusplus
}
#endif

#endif
