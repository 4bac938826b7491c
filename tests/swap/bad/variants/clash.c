extern int another_ssl(void);

__attribute__((constructor)) static void begin(void) { another_ssl(); }
