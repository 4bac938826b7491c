#include "host/control/stoactl/local.h"

#include <fmt/format.h>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/control/stoactl/new_plugin.h"
#include "host/control/stoactl/signing.h"

namespace stoa::stoactl {
namespace {

LocalAnswer makePlugin(const Json::Value& arguments) {
    const std::string name = arguments["name"].asString();
    const std::filesystem::path parent = textOr(arguments, "dir", ".");
    const std::vector<std::string> files = writePlugin(parent, name);
    LocalAnswer made{{}, account(parent, name, files)};
    made.json["folder"] = (parent / name).lexically_normal().string();
    made.json["files"] = Json::Value(Json::arrayValue);
    for (const std::string& file : files) {
        made.json["files"].append(file);
    }
    return made;
}

LocalAnswer makeKey(const Json::Value& arguments) {
    const std::string path = arguments["path"].asString();
    LocalAnswer made;
    made.json["key"] = makeSigningKey(path);
    made.json["private"] = path;
    made.json["public"] = path + ".pub";
    made.text = fmt::format(
        "{0}: the private key {1}, for `stoactl sign --key {0}`; whoever has it can sign plugins\n"
        "{0}.pub: the public key, for security.plugin_keys of the hosts\n",
        path, made.json["key"].asString());
    return made;
}

LocalAnswer sign(const Json::Value& arguments) {
    const std::string key = textOr(arguments, "key");
    if (key.empty()) {
        throw Error(STOA_INVALID, "say with which key: stoactl sign --key KEY FILE");
    }
    const Signed done = signFile(key, arguments["file"].asString());
    LocalAnswer answer;
    answer.json["signature"] = done.signature.native();
    answer.json["key"] = done.signer;
    answer.json["name"] = done.name;
    answer.json["version"] = done.version;
    answer.text =
        fmt::format("{}: {} {} is signed by {}\n", done.signature.native(), done.name, done.version, done.signer);
    return answer;
}

struct Local {
    std::string_view command;
    LocalAnswer (*answer)(const Json::Value& arguments);
};
constexpr Local kLocal[] = {{"new", makePlugin}, {"keygen", makeKey}, {"sign", sign}};

}  // namespace

std::optional<LocalAnswer> answerLocally(const Question& question) {
    for (const Local& local : kLocal) {
        if (local.command == question.command) {
            return local.answer(question.arguments);
        }
    }
    return std::nullopt;
}

}  // namespace stoa::stoactl
