// The host's program: arguments, configuration, signals.

#include <iostream>

#include <Poco/Util/OptionException.h>

#include "host/app/command_line.h"

int main(int argc, char** argv) {
    stoa::host::app::HostApplication application;
    try {
        application.init(argc, argv);
    } catch (const Poco::Util::OptionException& mistake) {
        std::cerr << "host: " << mistake.displayText() << "; `host --help` lists the options\n";
        return Poco::Util::Application::EXIT_USAGE;
    }
    return application.run();
}
