// The host's program: arguments, configuration, signals.

#include "host/app/command_line.h"

int main(int argc, char** argv) {
    stoa::host::app::HostApplication application;
    return application.start(argc, argv);
}
