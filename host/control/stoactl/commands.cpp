#include "host/control/stoactl/commands.h"

#include <fmt/format.h>

namespace stoa::stoactl {
namespace {

constexpr Parameter kService{"SERVICE", "service", Kind::kText};
constexpr Parameter kAnyService{"SERVICE", "service", Kind::kText, {}, true};
constexpr Parameter kLetter{"ID", "id", Kind::kText};
constexpr Parameter kPosition{"POSITION", "position", Kind::kNumber};

constexpr Command kCommands[] = {
    {"status", "what the host is and how it fares",
     "Prints id, version, uptime, listeners, registry, events, plugins."},
    {"plugins", "every generation of every plugin",
     "STATE is loading, canary, active, warm, draining, parked or waiting; WAITS FOR says what keeps it there."},
    {"routes", "what is served, where, and for whom", "AUTH lists who may ask: any one of them suffices."},
    {"topics", "topics of this host's services, with their records and the lag of each reader", ""},
    {"parked", "events whose handler failed and that wait for another try",
     "Later events of the same key wait behind the first one."},
    {"parked retry", "try a parked event now", "POSITION is a column of `stoactl parked`.", {kService, kPosition}},
    {"parked discard",
     "give a parked event up and let its key go on",
     "The event's effect is lost for that service; it stays in the topic.",
     {kService, kPosition}},
    {"dlq list", "dead letters: events that every try failed for", "", {kAnyService}},
    {"dlq show",
     "one dead letter with its headers and payload",
     "ID is a column of `stoactl dlq list`; an event's id does as well. The payload may hold personal data.",
     {kLetter}},
    {"dlq redrive",
     "hand a dead letter to its service again, and to no other",
     "An effect that is there already is not repeated. With --all the operand names a service, or nothing for every "
     "one.",
     {{"ID", "id", Kind::kText, {}, true}},
     {{"--all", "all", Kind::kFlag, "every dead letter of the service"}}},
    {"upgrade",
     "load a newer version of a plugin while the host serves",
     "The old version serves until the new one is ready, then finishes what it began, and stays for a while so that\n"
     "`stoactl rollback` can bring it back at once. If a step fails nothing changes.\n"
     "With --fleet this host comes first and then asks each other one that runs the service; what one refuses, all "
     "give\n"
     "back, and the file is loaded again with --force only. Ctrl-C counts as a refusal.",
     {{"FILE", "file", Kind::kFile}},
     {{"--canary", "canary", Kind::kShare, "first a share of the requests, like 10%; errors and latency decide"},
      {"--for", "for", Kind::kDuration, "how long the canary is watched; 60s"},
      {"--events", "events", Kind::kFlag, "the canary gets that share of the event partitions, too"},
      {"--accept-thin", "accept_thin", Kind::kFlag, "publish also when the canary saw too few requests"},
      {"--warm", "warm", Kind::kDuration, "how long the old version stays; 0s: not at all"},
      {"--wait", "wait", Kind::kFlag, "until the old version is unloaded"},
      {"--dry-run", "dry_run", Kind::kFlag, "everything that changes nothing"},
      {"--add", "add", Kind::kFlag, "load a plugin that this host does not run yet"},
      {"--force", "force", Kind::kFlag, "also a version that was withdrawn before"},
      {"--allow-breaking", "allow_breaking", Kind::kFlag, "also when callers of the old version may break"},
      {"--fleet", "fleet", Kind::kFlag, "on every host that runs the service, one after the other"},
      {"--wave", "wave", Kind::kNumber, "with --fleet: so many hosts at the same time; 1"},
      {"--pause", "pause", Kind::kDuration, "with --fleet: between two waves; 0s"}}},
    {"rollback",
     "back to the version before, or the end of a canary",
     "At once while the old version is warm, from the store afterwards. The version that is left is not loaded again\n"
     "without --force.",
     {kService}},
    {"history", "what was loaded, refused, withdrawn and rolled back, and why", "", {kService}},
    {"new",
     "a folder with a complete plugin, to begin a service with; asks no host",
     "Written below the current folder, or below DIR; nothing is overwritten. Its README says how to build and run it.",
     {{"NAME", "name", Kind::kText}},
     {{"--dir", "dir", Kind::kText, "the folder in which it is made"}}},
    {"keygen",
     "a pair of keys to sign plugins with; asks no host",
     "PATH is the private key, for whoever builds plugins; PATH.pub is for security.plugin_keys of the hosts.",
     {{"PATH", "path", Kind::kText}}},
    {"sign",
     "vouch for a plugin file: writes FILE.sig beside it; asks no host",
     "A host whose security.plugin_keys has the public half takes the file, and no file that differs from it.",
     {{"FILE", "file", Kind::kFile}},
     {{"--key", "key", Kind::kText, "the private key, a file that `stoactl keygen` has made"}}},
    {"drain",
     "stop the host in order: finish requests, events and outbox, then exit",
     "",
     {},
     {{"--leave", "leave", Kind::kFlag,
       "give event partitions to other hosts at once; else a restart gets them back"}}},
    {"config", "every value in force with its origin", "Secrets are shown as references."},
    {"config set",
     "change settings of a plugin while it serves",
     "Kept over restarts, weaker than environment and flags. KEY is a path below plugins.SERVICE, like\n"
     "settings.maxLines. The plugin takes it up as in an upgrade: what does not fit is refused, the old serves on.",
     {kService, {"KEY=VALUE", "values", Kind::kTexts}}},
    {"config reload", "read the configuration files again and apply what changed for plugins", "", {kAnyService}},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

std::string usageOf(const Command& command) {
    std::string text(command.name);
    for (const Parameter& operand : command.operands) {
        if (operand.kind != Kind::kNone) {
            text += operand.optional ? fmt::format(" [{}]", operand.name) : fmt::format(" {}", operand.name);
        }
    }
    text += command.options[0].kind == Kind::kNone ? "" : " [OPTION…]";
    return text;
}

}  // namespace stoa::stoactl
