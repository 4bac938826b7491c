// topic watch KAFKA TOPIC, or topic send KAFKA TOPIC COUNT RATE; see topic.h.

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "tests/load/topic/topic.h"

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    try {
        if (words.size() == 3 && words[0] == "watch") {
            stoa::load::watch(words[1], words[2]);
        } else if (words.size() == 5 && words[0] == "send") {
            stoa::load::send(words[1], words[2], std::stoull(words[3]), std::stod(words[4]));
        } else {
            std::cerr << "usage: topic watch KAFKA TOPIC | topic send KAFKA TOPIC COUNT RATE\n";
            return 2;
        }
        return 0;
    } catch (const std::exception& failure) {
        std::cerr << "topic: " << failure.what() << '\n';
        return 1;
    }
}
