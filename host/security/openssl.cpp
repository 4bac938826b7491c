#include "host/security/openssl.h"

#include <stdexcept>

namespace stoa::host::security::openssl {

void broken(const char* what) {
    ERR_clear_error();
    throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

std::mutex& pemTurn() {
    static std::mutex turn;
    return turn;
}

int noPassphrase(char*, int, int, void*) { return -1; }

}  // namespace stoa::host::security::openssl
