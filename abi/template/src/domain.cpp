#include "domain.h"

namespace newcomer {

std::string tidied(std::string_view title) {
    std::string kept;
    for (const char character : title) {
        const bool space = character == ' ' || character == '\t' || character == '\n' || character == '\r';
        if (!space) {
            kept += character;
        } else if (!kept.empty() && kept.back() != ' ') {
            kept += ' ';
        }
    }
    if (!kept.empty() && kept.back() == ' ') {
        kept.pop_back();
    }
    return kept;
}

}  // namespace newcomer
