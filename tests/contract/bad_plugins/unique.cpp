#include <stoa/abi/plugin.h>

// A static of an inline function: GNU-unique unless the compiler is told otherwise.
inline int &counter() {
    static int count = 0;
    return count;
}

STOA_EXPORT const stoa_plugin *stoa_plugin_entry(const stoa_offer *, const stoa_writer *) {
    return ++counter() == 0 ? nullptr : nullptr;
}
