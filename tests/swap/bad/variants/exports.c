__attribute__((visibility("default"))) int helper_of_another_plugin(void) { return 1; }
