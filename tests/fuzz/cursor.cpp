// A cursor is what encodeCursor made, byte by byte; anything else is the client's mistake and no other.

#include <stoa/cursor.h>
#include <stoa/problem.h>

#include "tests/fuzz/fuzz.h"

void stoa::fuzz::take(std::string_view bytes) {
    for (const std::size_t count : {1, 2}) {
        try {
            promise(encodeCursor(decodeCursor(bytes, count)) == bytes, "a cursor has one form");
        } catch (const Problem& refusal) {
            promise(refusal.status() == 400, "a bad cursor is a bad request");
        }
    }
}
