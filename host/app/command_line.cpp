#include "host/app/command_line.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include <unistd.h>

#include <Poco/Util/Option.h>
#include <Poco/Util/OptionException.h>
#include <fmt/format.h>

#include <stoa/abi/core.h>
#include <stoa/error.h>

#include "host/app/help.h"
#include "host/base/clock.h"
#include "host/base/crash_point.h"
#include "host/base/version.h"
#include "host/observe/log.h"

namespace stoa::host::app {
namespace {

using Poco::Util::Option;

observe::Level levelOf(const std::string& name) {
    return name == "debug"   ? observe::Level::kDebug
           : name == "warn"  ? observe::Level::kWarn
           : name == "error" ? observe::Level::kError
                             : observe::Level::kInfo;
}

void setUpLog(const config::Config& config) {
    observe::LogOptions options;
    options.level = levelOf(config.log.level);
    options.file = config.log.file;
    options.human = config.log.format == "human" ||
                    (config.log.format == "auto" && config.log.file.empty() && isatty(STDERR_FILENO));
    options.colour = options.file.empty() && isatty(STDERR_FILENO) && !std::getenv("NO_COLOR");
    observe::configureLog(options);
}

/// Blocks the signals that end a host in every thread; one thread waits for them.
sigset_t blockSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);  // ends the waiting thread
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

/// Passes SIGTERM and SIGINT on to the host, each time one comes.
class SignalThread {
public:
    SignalThread(sigset_t signals, Host& host)
        : thread_([signals, &host] {
              for (int signal = 0; sigwait(&signals, &signal) == 0 && signal != SIGUSR1;) {
                  observe::info("a signal asks the host to stop",
                                {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
                  host.requestStop();
              }
          }) {}
    ~SignalThread() {
        pthread_kill(thread_.native_handle(), SIGUSR1);
        thread_.join();
    }
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;

private:
    std::thread thread_;
};

}  // namespace

HostApplication::HostApplication() { setUnixOptions(true); }

int HostApplication::start(int argc, char** argv) {
    try {
        init(argc, argv);
    } catch (const Poco::Util::OptionException& mistake) {
        std::cerr << "host: " << mistake.displayText() << "; `host --help` lists the options\n";
        return EXIT_USAGE;
    }
    return run();
}

void HostApplication::defineOptions(Poco::Util::OptionSet& options) {
    const auto flag = [&](const char* name, const char* shortcut = "") { options.addOption(Option(name, shortcut)); };
    const auto value = [&](const char* name, const char* shortcut = "") {
        options.addOption(Option(name, shortcut).argument("VALUE").repeatable(true));
    };
    flag("help", "h");  // help.cpp describes each of them
    flag("version");
    flag("explain");
    flag("write-default");
    flag("watch", "w");
    for (const char* name : {"plugin-exact", "set", "fleet-key", "host-key", "host-id", "services", "days"}) {
        value(name);
    }
    value("plugin", "p");
    value("config", "c");
    value("state", "s");
    value("listen", "l");
}

void HostApplication::handleOption(const std::string& name, const std::string& value) {
    ServerApplication::handleOption(name, value);
    if (name == "help") {
        help_ = true;
        stopOptionsProcessing();
    } else if (name == "version") {
        version_ = true;
        stopOptionsProcessing();
    } else if (name == "plugin" || name == "plugin-exact") {
        plugins_.push_back({value, name == "plugin-exact"});
    } else if (name == "config") {
        config_file_ = value;
    } else if (name == "state") {
        flags_.push_back({"--state", "state", value});
    } else if (name == "listen") {
        flags_.push_back({"--listen", "http.edge", value});
    } else if (name == "set") {
        const std::size_t equals = value.find('=');
        flags_.push_back(
            {"--set", value.substr(0, equals), equals == std::string::npos ? "" : value.substr(equals + 1)});
    } else if (name == "watch") {
        watch_ = true;
    } else if (name == "explain") {
        explain_ = true;
    } else if (name == "write-default") {
        write_default_ = true;
    } else {
        handleCertify(name, value);
    }
}

void HostApplication::handleCertify(const std::string& name, const std::string& value) {
    if (name == "fleet-key") {
        order_.fleet_key = value;
    } else if (name == "host-key") {
        order_.host_key = value;
    } else if (name == "host-id") {
        order_.host_id = value;
    } else if (name == "services") {
        order_.services = value;
    } else if (name == "days") {
        order_.days = value;
    }
}

config::Config HostApplication::loadConfig() const {
    config::Sources sources;
    sources.file = config_file_;
    sources.environment = config::processEnvironment();
    sources.flags = flags_;
    return config::load(sources);
}

std::vector<PluginFile> HostApplication::pluginFiles(const config::Config& config) const {
    std::vector<PluginFile> files = plugins_;
    for (const auto& [name, plugin] : config.plugins) {
        if (!plugin.file.empty()) {
            files.push_back({plugin.file, false});
        }
    }
    return files;
}

int HostApplication::serve(config::Config config) {
    const sigset_t signals = blockSignals();
    setUpLog(config);
    if (armCrashPoints(crashOrder())) {
        observe::warn("STOA_TEST_CRASH_… is set: this host counts its crash points and may kill itself; for tests only",
                      {{"at", crashOrder().at}});
    }
    const std::vector<PluginFile> files = pluginFiles(config);
    if (files.empty()) {
        std::cerr << "host: no plugin to run: give --plugin=FILE, or plugins.<name>.file in host.yaml\n";
        return EXIT_USAGE;
    }
    try {
        Host host(std::move(config), files, [this] { return loadConfig(); });
        const SignalThread waiting(signals, host);
        host.start();
        if (watch_) {
            host.watch();
        }
        host.run();
        return EXIT_OK;
    } catch (const PluginFailure& failure) {
        std::cerr << "host: a plugin could not be loaded: " << failure.what() << '\n';
        return kExitPlugin;
    } catch (const Error& failure) {
        std::cerr << "host: " << failure.what() << '\n';
        return failure.status() == STOA_INVALID ? config::kExitCode : kExitUnavailable;
    }
}

int HostApplication::main(const std::vector<std::string>& arguments) {
    if (help_) {
        std::cout << helpText();
        return EXIT_OK;
    }
    if (version_) {
        std::cout << fmt::format("stoa host {} (ABI {}.{})\n", kHostVersion, STOA_ABI_MAJOR, STOA_ABI_MINOR);
        return EXIT_OK;
    }
    const std::string command = arguments.empty() ? "" : arguments.front();
    if (arguments.size() > 1 ||
        (!command.empty() && command != "config" && command != "certify" && command != "crash-points")) {
        std::cerr << "host: unknown argument \"" << arguments.back()
                  << "\": plugins are given as --plugin=FILE; `host --help` lists the rest\n";
        return EXIT_USAGE;
    }
    if (command == "crash-points") {
        for (const CrashPointInfo& info : crashPoints()) {
            std::cout << fmt::format("{:<20} {}\n", info.name, info.moment);
        }
        return EXIT_OK;
    }
    const bool about_config = command == "config";
    if (about_config && write_default_) {
        std::cout << config::defaultFile();
        return EXIT_OK;
    }
    try {
        if (command == "certify") {
            std::cout << makeCertificate(order_, Clock{}.now()) << '\n';
            return EXIT_OK;
        }
        config::Config config = loadConfig();
        if (about_config) {
            std::cout << config::explain(config);
            return EXIT_OK;
        }
        return serve(std::move(config));
    } catch (const config::ConfigError& failure) {
        std::cerr << "host: " << failure.what() << '\n';
        return config::kExitCode;
    } catch (const Error& failure) {
        std::cerr << "host: " << failure.what() << '\n';
        return failure.status() == STOA_INVALID ? EXIT_USAGE : kExitUnavailable;
    } catch (const std::exception& failure) {
        std::cerr << "host: " << failure.what() << '\n';
        return EXIT_SOFTWARE;
    }
}

}  // namespace stoa::host::app
