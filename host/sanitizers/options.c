// What the sanitizers are told in every program that is built with one. Compiled in and not an environment: a test that
// is run by hand, and a host that a test starts, behave as those of `./dev test`. An environment variable adds to it.
//
// A suppression names one defect of a library and says why it is the library's.

const char* __asan_default_options(void);
const char* __lsan_default_suppressions(void);
const char* __tsan_default_options(void);
const char* __tsan_default_suppressions(void);
const char* __ubsan_default_options(void);

const char* __asan_default_options(void) { return "strict_string_checks=1:check_initialization_order=1"; }

const char* __ubsan_default_options(void) { return "print_stacktrace=1"; }

// A test's child that is forked while the test has threads may have some of its own; nothing is looked for in it.
const char* __tsan_default_options(void) { return "second_deadlock_stack=1:die_after_fork=0"; }

const char* __lsan_default_suppressions(void) { return ""; }

// librdkafka is not built with ThreadSanitizer: it counts references, and hands new objects to other threads, by atomic
// instructions that are not seen here, so that each of its free() looks like a race, and so does the first lock of a
// mutex that another thread has made. Its locks themselves are seen (c11_threads.c). What is left out is what its own
// code reads and writes through functions of the C library, and the bytes of its mutexes.
const char* __tsan_default_suppressions(void) { return "called_from_lib:librdkafka.so.1\nrace:^mtx_\nrace:^cnd_\n"; }
