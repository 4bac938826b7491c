extern int stoa_host_internal(void);

/* Not static, so that the linker keeps it. */
int (*call_the_host(void))(void);
int (*call_the_host(void))(void) { return stoa_host_internal; }
__attribute__((constructor)) static void begin(void) { call_the_host()(); }
