# stoa_add_plugin() is defined with the manifest compiler.
