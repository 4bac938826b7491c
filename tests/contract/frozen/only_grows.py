"""Compares the released headers of the ABI with the frozen ones of every minor: python3 only_grows.py RELEASED FROZEN

RELEASED is abi/include/stoa/abi, FROZEN the folder that holds 1.0/include and its successors. Comments may change. Every
declaration of a frozen header stays as it is; a struct that begins with struct_size, and an enum, may have more at its end.
A header of draft/ is not compared.
"""

import re
import sys
from pathlib import Path

GUARD = re.compile(r"#\s*(ifndef|define)\s+STOA_ABI_[A-Z]+_H\b")


def declarations(text):
    """Name (or the text itself) of each declaration, in order, and its parts: the members of a struct or enum."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S).replace("\\\n", " ")
    found = {}
    code = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            words = " ".join(line.split())
            if words.startswith("#define") and not GUARD.match(words):
                found[" ".join(words.split("(")[0].split()[:2])] = [words]
        else:
            code.append(line)
    body = " ".join(" ".join(code).replace('extern "C" {', " ").split())
    depth, start = 0, 0
    for at, sign in enumerate(body):
        depth += (sign in "{(") - (sign in "})")
        if sign == ";" and depth == 0:
            add(found, body[start:at].strip())
            start = at + 1
    return found


def add(found, declaration):
    head, brace, rest = declaration.partition("{")
    if not brace:
        found[declaration] = [declaration]
        return
    inside, _, tail = rest.rpartition("}")
    mark = "," if head.split()[-1] == "enum" else ";"
    members = [" ".join(member.split()) for member in inside.split(mark) if member.strip()]
    name = " ".join(head.replace("typedef", "").split())
    # Enums have no names here: the first constant stands for one.
    found[f"{name} {members[0]}" if mark == "," else name] = [tail.strip(), *members]


def grows(name, was):
    return name.startswith("enum") or (name.startswith("struct") and was[1:2] == ["uint32_t struct_size"])


def differences(frozen, released):
    """What a plugin that was built against `frozen` would trip over in `released`, a sentence each."""
    now = declarations(released)
    for name, was in declarations(frozen).items():
        if name == "#define STOA_ABI_MINOR":
            continue
        if name not in now:
            yield f"{name} is gone"
        elif now[name][:len(was)] != was:
            pairs = zip(was, now[name] + [None] * len(was))
            old, new = next((old, new) for old, new in pairs if old != new)
            yield f"{name}: \"{old}\" has become \"{new}\""
        elif len(now[name]) > len(was) and not grows(name, was):
            yield f"{name} has no struct_size and may not grow"


def main(released, frozen):
    broken, compared = [], 0
    for minor in sorted(Path(frozen).glob("[0-9]*.[0-9]*/include/stoa/abi")):
        for header in sorted(minor.glob("*.h")):
            current = Path(released, header.name)
            compared += 1
            if not current.exists():
                broken.append(f"{header.name}: the header is gone")
                continue
            broken += [f"{header.name}: {why} (frozen in {minor.parents[2].name})"
                       for why in differences(header.read_text(), current.read_text())]
    for line in broken:
        print(f"{line}\n    cure: what is released never changes; add at the end of a table, or make a new id")
    print(f"{compared} frozen headers compared, {len(broken)} differences")
    return 1 if broken or not compared else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
