#include "empty.h"

/* An absolute address within the code: the loader has to write it there. */
__asm__(".text\n.quad stoa_plugin_entry\n");
