#include "empty.h"

int stoa_clash(void);

int (*use_the_library(void))(void);
int (*use_the_library(void))(void) { return stoa_clash; }
