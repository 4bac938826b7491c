#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void begin(void) {
    fputs("this constructor has had enough\n", stderr);
    abort();
}
