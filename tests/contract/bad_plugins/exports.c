#include "empty.c"

int helper_of_another_plugin(void) { return 1; }
