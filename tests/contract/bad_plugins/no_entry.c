int not_an_entry(void) { return 1; }
