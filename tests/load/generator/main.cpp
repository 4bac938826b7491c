// load PLAN LOG: sends the requests of a plan (JSON, see tests/load/README.md), writes a line for each to LOG, and
// prints the figures as JSON. Exit code 1 when a request failed or was answered twice.

#include <cstdio>
#include <exception>
#include <iostream>

#include "tests/load/generator/generator.h"

int main(int count, char** words) {
    if (count != 3) {
        std::cerr << "usage: load PLAN LOG\n";
        return 2;
    }
    try {
        stoa::load::Recorder recorder(words[2]);
        stoa::load::Generator(stoa::load::readPlan(words[1]), recorder).run();
        std::cout << recorder.summary() << std::endl;
        return recorder.failed() + recorder.duplicated() == 0 ? 0 : 1;
    } catch (const std::exception& failure) {
        std::cerr << "load: " << failure.what() << '\n';
        return 2;
    }
}
