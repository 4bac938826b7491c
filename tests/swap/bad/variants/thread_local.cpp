#include <string>

// Its destructor is registered with each thread that comes by, which keeps the library mapped.
thread_local std::string last_name;

__attribute__((constructor)) static void begin() { last_name = "somebody whose name is longer than a small string"; }
