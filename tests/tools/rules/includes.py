"""Who may include whom. The folders are layers, and this is what keeps them so."""

import re

from finding import CPP, Finding, text_of

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
OURS = re.compile(r"^(host|registry|plugins|tests)/")
# Where Boost shows: and in the servers that the host is compared with.
BOOST = ("host/http/", "host/outbound/", "tests/load/servers/")
# A plugin owns no thread, socket or file: the host's capabilities stand for these.
TECHNICAL = re.compile(r"^(thread|future|pthread\.h|unistd\.h|fcntl\.h|netdb\.h|dlfcn\.h|fstream|filesystem|sys/.*|arpa/.*|netinet/.*)$")
PLUGIN_LIBRARIES = re.compile(r"^(stoa/|json/|fmt/|tl/expected\.hpp)")
C_HEADERS = re.compile(r"^(stoa/abi/|std(int|def|bool|arg)\.h$|string\.h$|limits\.h$)")


def check(files):
    for file in files:
        if file.suffix not in CPP:
            continue
        for number, line in enumerate(text_of(file).splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                yield from broken(file, number, match[2], match[1] == '"')


def broken(file, line, target, quoted):
    """The rules that this include breaks."""
    def finding(rule, what, cure):
        return Finding(str(file), line, f"include-{rule}", what, cure)

    top = file.parts[0]
    in_test = file.stem.endswith("_test") or "test" in file.parts
    layer = OURS.match(target)
    if target.startswith("boost/") and not str(file).startswith(BOOST):
        yield finding("boost", f"{target}: Boost stays in host/http and host/outbound",
                      "use the standard library or Poco here, or move the code into one of the two")
    if target.startswith("plugins/") and not str(file).startswith("/".join(target.split("/")[:2]) + "/"):
        yield finding("plugin", f"{target}: nobody includes a plugin", "speak to it by REST or events")
    elif top == "abi" and layer:
        yield finding("abi", f"{target}: abi/ includes nothing of the host", "move what is shared into abi/")
    elif top == "abi" and "include" in file.parts[:2] and not quoted and not C_HEADERS.match(target):
        yield finding("abi", f"{target}: the ABI needs nothing but C11's own headers", "declare the type in the ABI, or pass bytes")
    elif top == "registry" and (target.startswith(("host/", "tests/"))):
        yield finding("registry", f"{target}: registry/ includes only itself", "pass what is needed through its interface")
    elif top == "plugins":
        if layer and not target.startswith("plugins/"):
            yield finding("plugin-layer", f"{target}: a plugin includes only <stoa/…> and its own folder",
                          "ask the host for a capability, or move a value type into abi/sdk")
        elif not quoted and not in_test and (TECHNICAL.match(target) or ("/" in target and not PLUGIN_LIBRARIES.match(target))):
            yield finding("plugin-library", f"<{target}>: a plugin owns no thread, socket, file or driver",
                          "use the capability for it (stoa.http, stoa.client, stoa.sql, stoa.timer, …)")
