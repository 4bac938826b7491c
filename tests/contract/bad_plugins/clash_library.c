int stoa_clash(void);
int stoa_clash(void) { return 1; }
