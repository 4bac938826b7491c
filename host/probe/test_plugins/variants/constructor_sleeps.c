#include <unistd.h>

__attribute__((constructor)) static void begin(void) {
    for (;;) {
        pause();
    }
}
