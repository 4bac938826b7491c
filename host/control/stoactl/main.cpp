// stoactl: arguments, question, answer, exit code.

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/control/stoactl/client.h"
#include "host/control/stoactl/command_line.h"
#include "host/control/stoactl/local.h"
#include "host/control/stoactl/table.h"

namespace {

using namespace stoa::stoactl;

enum Exit { kDone = 0, kRefused = 1, kUsage = 2, kUnreachable = 3 };

/// For people on standard error, and for programs on standard output.
void tell(const Refusal& refusal, bool json) {
    if (json) {
        Json::Value error;
        error["error"]["code"] = refusal.code;
        error["error"]["message"] = refusal.message;
        error["error"]["cure"] = refusal.cure;
        if (!refusal.details.isNull()) {
            error["error"]["details"] = refusal.details;
        }
        std::cout << stoa::writeJson(error) << "\n";
    }
    std::cerr << "stoactl: " << refusal.message << "\n";
    if (!refusal.cure.empty()) {
        std::cerr << refusal.cure << "\n";
    }
}

int run(const Question& question) try {
    if (const auto answer = answerLocally(question)) {
        std::cout << (question.json ? stoa::writeJson(answer->json) + "\n" : answer->text);
        return kDone;
    }
    const std::string socket =
        findSocket(question.socket, std::getenv("STOA_CONTROL"), std::filesystem::current_path().string());
    const auto answer = ask(socket, question.command, question.arguments,
                            [](const Json::Value& step) { std::cerr << "· " << renderProgress(step) << std::endl; });
    if (answer) {
        std::cout << (question.json ? stoa::writeJson(*answer) + "\n" : render(question.command, *answer));
        return kDone;
    }
    tell(answer.error(), question.json);
    return kRefused;
} catch (const Unreachable& failure) {
    tell({"unreachable", failure.what(), "", {}}, question.json);
    return kUnreachable;
} catch (const stoa::Error& failure) {
    tell({std::string(stoa::statusName(failure.status())), failure.what(), "", {}}, question.json);
    return failure.status() == STOA_INVALID ? kUsage : kRefused;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Parsed parsed = parse({argv + 1, argv + argc}, std::filesystem::current_path().string());
        if (const auto* help = std::get_if<Help>(&parsed)) {
            std::cout << help->text;
            return kDone;
        }
        if (const auto* usage = std::get_if<Usage>(&parsed)) {
            std::cerr << usage->text << "\n";
            return kUsage;
        }
        return run(std::get<Question>(parsed));
    } catch (const std::exception& failure) {
        std::cerr << "stoactl: " << failure.what() << "\n";
        return kRefused;
    }
}
