#include "empty.h"

int helper_of_another_plugin(void) { return 1; }
