#include <string>

#include <stoa/abi/plugin.h>

thread_local std::string last_name;  // its destructor is registered with the thread, which pins the library

STOA_EXPORT const stoa_plugin *stoa_plugin_entry(const stoa_offer *, const stoa_writer *) {
    last_name += "x";
    return last_name.empty() ? nullptr : nullptr;
}
