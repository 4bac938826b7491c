int another_ssl(void);
int another_ssl(void) { return 1; }
