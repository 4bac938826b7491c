// host.yaml: every mistake is a ConfigError, and nothing else comes out.

#include "host/config/config.h"
#include "tests/fuzz/fuzz.h"

void stoa::fuzz::take(std::string_view bytes) {
    const MemoryFile file(bytes);
    try {
        const auto config = host::config::load({file.path(), {}, {}});
        promise(!config.state.empty(), "a configuration has a state directory");
    } catch (const host::config::ConfigError& error) {
        promise(!error.mistakes().empty(), "a refusal has its reasons");
    }
}
