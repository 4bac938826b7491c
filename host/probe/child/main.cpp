// stoa-probe FILE: tries a plugin the way a host does before an upgrade, and says what fails.
// stoa-probe --child: the process that is tried in; see host/probe/probe.h.

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "host/probe/child/life.h"
#include "host/probe/child/options.h"
#include "host/probe/child/print.h"
#include "host/probe/probe.h"

namespace {

using namespace stoa::host::probe;

/// Never returns through main: nothing of the plugin may run after its report.
[[noreturn]] void beChild() {
    const Report report;
    try {
        const Task task = readTask();
        confine(task);
        live(task, report);
    } catch (const std::exception& failure) {
        fmt::print(stderr, "stoa-probe: {}\n", failure.what());
        _exit(EXIT_FAILURE);
    }
    _exit(EXIT_SUCCESS);
}

}  // namespace

int main(int count, char** arguments) {
    if (count == 2 && std::string_view(arguments[1]) == "--child") {
        beChild();
    }
    constexpr int kWrongUse = 2;
    try {
        const std::optional<CommandLine> wanted = readCommandLine({arguments + 1, arguments + count});
        if (!wanted) {
            fmt::print("{}", kHelp);
            return EXIT_SUCCESS;
        }
        ProbeOptions options = wanted->options;
        options.program = std::filesystem::read_symlink("/proc/self/exe");
        const ProbeResult result = probe(options);
        fmt::print("{}\n", wanted->json ? asJson(options, result) : asText(options, result));
        return result.passed ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const std::exception& failure) {
        fmt::print(stderr, "stoa-probe: {}\n", failure.what());
        return kWrongUse;
    }
}
