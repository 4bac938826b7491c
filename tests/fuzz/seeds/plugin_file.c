// The smallest file that is looked at to its end: fuzz_plugin_file begins with what this becomes.
extern int elsewhere(void);
int stoa_plugin_entry(void);
int stoa_plugin_entry(void) { return elsewhere(); }
__attribute__((section(".stoa.manifest"), used)) static const char kManifest[] = "{\"name\":\"seed\"}";
