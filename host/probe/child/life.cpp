#include "host/probe/child/life.h"

#include <cxxabi.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <typeinfo>
#include <utility>

#include <fmt/format.h>

#include <stoa/abi/log.h>
#include <stoa/fake/host.h>
#include <stoa/json.h>
#include <stoa/validate/manifest.h>
#include <stoa/validate/statement_rule.h>

#include "host/probe/child/mapped_file.h"
#include "host/probe/child/self_test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STOA_PROBE_SANITIZED 1
#else
#define STOA_PROBE_SANITIZED 0
#endif

namespace stoa::host::probe {
namespace {

using std::chrono::steady_clock;

void limit(__rlimit_resource what, std::uint64_t bytes) {
    const rlimit value{bytes, bytes};
    if (setrlimit(what, &value) != 0) {
        throw std::runtime_error("the probe's child can't limit itself (setrlimit)");
    }
}

std::string typeName(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                           std::free);
    return status == 0 ? name.get() : type.name();
}

std::string levelName(std::uint32_t level) {
    switch (level) {
        case STOA_LOG_DEBUG:
            return "debug";
        case STOA_LOG_INFO:
            return "info";
        case STOA_LOG_WARN:
            return "warn";
        default:
            return "error";
    }
}

std::string lineOf(const fake::LogLine& logged) {
    std::string line = levelName(logged.level) + ' ' + logged.message;
    for (const auto& [name, value] : logged.fields) {
        line += fmt::format(" {}={}", name, value);
    }
    return line;
}

validate::Manifest manifestOf(const std::string& file) {
    auto manifest = validate::readManifest(file);
    if (!manifest) {
        throw std::runtime_error(manifest.error());
    }
    return std::move(*manifest);
}

fake::Options optionsOf(const Task& task, const validate::Manifest& manifest, const MappedFile& file,
                        const Report& report) {
    fake::Options options;
    options.settings = task.settings;
    options.entry = file.entry();
    options.now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    // The real ones stay with the host.
    options.other_secrets = SelfTest::secret(manifest);
    options.fleet = SelfTest::fleet();
    options.before = [&report](std::string_view step) { report.stage(step); };
    const auto rule = std::make_shared<validate::StatementRule>();
    options.refuse_statement = [rule](std::string_view statement) { return (*rule)(statement); };
    options.on_log = [&report](const fake::LogLine& logged) { report.log(lineOf(logged)); };
    return options;
}

void waitUntilHealthy(fake::Host& host, std::chrono::milliseconds at_most) {
    constexpr std::chrono::milliseconds kPause{5};
    const auto end = steady_clock::now() + at_most;
    for (std::string missing = host.health(); !missing.empty(); missing = host.health()) {
        if (steady_clock::now() >= end) {
            throw fake::Violation(fmt::format("it did not become healthy within {} ms: {}", at_most.count(), missing));
        }
        std::this_thread::sleep_for(kPause);
        host.advance(kPause);
    }
}

void takeThrough(const Task& task, const Report& report) {
    report.stage("mapped");
    validate::Manifest manifest = manifestOf(task.file);
    MappedFile file(task.file);
    {
        fake::Host host(manifest, optionsOf(task, manifest, file, report));
        report.stage("healthy");
        waitUntilHealthy(host, task.health);
        SelfTest(host, manifest, report).run();
        report.stage("stopped");
        host.stop();
    }
    report.stage("unmapped");
    if (!file.unmap()) {
        report.failed(
            "it stays mapped after dlclose: stoa-validate names what pins it (a thread_local with a destructor, a "
            "GNU-unique symbol, an exported symbol that the host binds to)");
    }
}

/// What it may have meant when it speaks of memory.
std::string withLimit(std::string reason, std::uint64_t memory_bytes) {
    const bool memory = reason.find("bad_alloc") != std::string::npos || reason.find("exhausted") != std::string::npos;
    return memory ? fmt::format("{}; the probe gives it {} MiB of memory", reason, memory_bytes >> 20U) : reason;
}

}  // namespace

Task readTask() {
    std::ifstream file("/dev/stdin", std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    const auto json = parseJson(text.str());
    if (!json || !json->isObject() || !(*json)["file"].isString()) {
        throw std::runtime_error("--child reads what to do from its input; call stoa-probe FILE instead");
    }
    return {(*json)["file"].asString(), (*json)["settings"], (*json)["memoryBytes"].asUInt64(),
            std::chrono::milliseconds((*json)["healthMs"].asInt64())};
}

void confine(const Task& task) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit(RLIMIT_CORE, 0);
    constexpr int kNice = 5;  // a host beside it is serving
    setpriority(PRIO_PROCESS, 0, kNice);
    // A sanitizer's shadow memory alone is larger than any limit.
    if (!STOA_PROBE_SANITIZED) {
        limit(RLIMIT_AS, task.memory_bytes);
        // A core file that goes to a program is not bounded by RLIMIT_CORE (core(5)).
        prctl(PR_SET_DUMPABLE, 0);
    }
}

void live(const Task& task, const Report& report) {
    try {
        takeThrough(task, report);
    } catch (const fake::Violation& failure) {
        report.failed(withLimit(failure.what(), task.memory_bytes));
    } catch (const std::bad_alloc&) {
        report.failed(withLimit("out of memory (std::bad_alloc)", task.memory_bytes));
    } catch (const std::exception& failure) {
        report.failed(fmt::format("{}: {}", typeName(typeid(failure)), failure.what()));
    } catch (...) {
        report.failed("it threw something that is no exception through the ABI: catch everything at its functions");
    }
    report.done();
}

}  // namespace stoa::host::probe
