// The host's program: arguments, configuration, signals.

#include "host/app/command_line.h"
#include "host/memory/heap.h"

int main(int argc, char** argv) {
    stoa::host::memory::limitHeaps();
    stoa::host::app::HostApplication application;
    return application.start(argc, argv);
}
