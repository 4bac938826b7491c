"""What is tried: a file each, the words of its refusal, and who can see what is wrong with it."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from support import plugin_files, surroundings

OLD, NEW = "1.0.0", "1.1.0"
CLASS, MACHINE = 4, 18            # bytes of the ELF header
CLASS_32, RISCV = 1, 243
CANARY = ("--canary", "50%", "--for", "20s")


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[Path], object]  # writes the file there
    phrase: str                     # in the host's refusal, and in the tool's that sees it
    seen_by: str                    # "validate" (the file alone), "against" (with the old one), "probe", or "host"
    arguments: tuple = ()


def built(name):
    """A variant of CMakeLists.txt, with the newer version's number."""
    def make(target):
        plugin_files.rename_version(surroundings.build / "tests" / "swap" / "bad" / f"{name}.so", target, OLD, NEW)
    return make


def newer(target):
    return plugin_files.rename_version(surroundings.plugin("trial"), target, OLD, NEW)


def patched(change):
    """The right one with other bytes."""
    def make(target):
        data = bytearray(newer(target).read_bytes())
        target.write_bytes(change(data) or data)
    return make


def manifest(change):
    """The right one with another manifest; the description's length is there for what comes in addition."""
    def make(target):
        def changed(content):
            content["description"] = ""
            change(content)
        plugin_files.changed(newer(target), target, changed)
    return make


def with_migration(sql):
    def change(content):
        content["migrations"].append({"version": 2, "name": "more", "sql": sql, "sha256": hashlib.sha256(sql.encode()).hexdigest()})
    return manifest(change)


def stoactl(*words):
    subprocess.run([surroundings.stoactl_program(), *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def key(name):
    """A key of this name; its public half lies beside it, as NAME.pub."""
    path = surroundings.run / "keys" / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        stoactl("keygen", path)
    return path


def signed(signer, change=lambda data: None):
    """The right one, signed, and then other bytes."""
    def make(target):
        newer(target)
        stoactl("sign", "--key", key(signer), target)
        data = bytearray(target.read_bytes())
        change(data)
        target.write_bytes(data)
    return make


def with_text_as_signature(target):
    newer(target)
    target.with_name(f"{target.name}.sig").write_text("signed, the management\n")


def colliding(content):
    """`drops` belongs to the plugin poison, which runs beside it."""
    content["resources"].append("drops")
    content["routes"].append({"operation": "getDrop", "method": "GET", "path": "/api/v1/drops", "auth": ["public"]})


def narrower(content):
    content["routes"] = [route for route in content["routes"] if route["operation"] != "addTrial"]


FILES = [
    Case("no_manifest", patched(lambda data: data.replace(b".stoa.manifest\0", b".stoa.somewhat\0")), ".stoa.manifest", "validate"),
    Case("truncated", patched(lambda data: data[:len(data) // 2]), "cut off", "validate"),
    Case("empty", lambda target: target.write_bytes(b""), "is not an ELF file", "validate"),
    Case("of_32_bits", patched(lambda data: data.__setitem__(CLASS, CLASS_32)), "not a 64-bit", "validate"),
    Case("of_another_processor", patched(lambda data: data.__setitem__(MACHINE, RISCV)), "is for ELF machine 243", "validate"),
    Case("other_abi", manifest(lambda content: content["abi"].update(major=2)), "it is for ABI 2.0", "validate"),
    Case("exports", built("exports"), "helper_of_another_plugin: only stoa_plugin_entry may be exported", "validate"),
    Case("thread_local", built("thread_local"), "__cxa_thread_atexit: a thread_local with a destructor pins", "validate"),
    Case("unique", built("unique"), "_ZZ7countervE5count: a GNU-unique symbol", "validate"),
    Case("textrel", built("textrel"), "DT_TEXTREL: its code is changed while loading", "validate"),
    Case("undefined", built("undefined"), "stoa_host_internal: the host exports no symbols", "validate"),
    Case("clash", built("clash"), "libssl.so.1.1: the host holds libssl.so.3", "validate"),
]

# The host trusts the key "release"; what has no signature it takes, so that all others need none.
SIGNATURES = [
    Case("signed_by_a_stranger", signed("stranger"), "which this host does not trust", "host"),
    Case("altered_after_it_was_signed", signed("release", lambda data: data.append(0)), "speaks of a file", "host"),
    Case("no_signature_but_text", with_text_as_signature, "is damaged (it is no JSON object)", "host"),
]

VERSIONS = [
    Case("migration_destructive", with_migration("DROP TABLE heard;"), "its migrations would break", "against"),
    Case("breaks_a_client", manifest(narrower), "callers of the version before would get 404", "against"),
    Case("route_collides", manifest(colliding), 'poison and trial both claim "drops"', "host"),
]

PROBED = [
    Case("missing_capability", manifest(lambda content: content["capabilities"].append("stoa.soup/1")), "stoa.soup/1", "probe"),
    Case("descriptor_of_another_abi", built("speaks_another_ABI"), "needs ABI 2.0", "probe"),
    Case("other_version_in_the_code",
         lambda target: plugin_files.changed(surroundings.plugin("trial"), target, lambda content: content.update(version=NEW)),
         "calls itself trial 1.0.0", "probe"),
    Case("constructor_aborts", built("constructor_aborts"), "it aborted (SIGABRT)", "probe"),
    Case("constructor_sleeps", built("constructor_sleeps"), "it hung and was killed", "probe"),
    Case("create_throws", built("create_throws"), "thrown in create", "probe"),
    Case("create_fails", built("create_fails"), "the stars are wrong", "probe"),
    Case("create_allocates", built("create_allocates"), "std::bad_alloc; the probe gives it", "probe"),
    Case("self_test_fails", built("answers_off_its_schema"), "a body that does not fit its schema", "probe"),
    Case("crashes_in_the_probe", built("crashes"), "it crashed: SIGSEGV", "probe"),
    Case("never_healthy", built("never_healthy"), "waiting for the sun", "probe"),
    Case("migration_fails_in_the_probe",
         with_migration("CREATE TABLE first_half (id text PRIMARY KEY); CREATE TABLE second_half (id text PRIMARY KEY, id text);"),
         "duplicate column name: id", "probe"),
]

HOSTED = [
    Case("create_throws_in_the_host", built("create_throws_in_the_host"), "trial 1.1.0: create failed: thrown in create", "host"),
    Case("start_fails_in_the_host", built("start_fails_in_the_host"), "start failed: the starter is broken", "host"),
    Case("never_healthy_in_the_host", built("never_healthy_in_the_host"), "is not healthy: waiting for the sun", "host"),
    # Somebody has made a table of the second name by hand.
    Case("migration_fails_halfway",
         with_migration("CREATE TABLE first_half (id text PRIMARY KEY); CREATE TABLE made_by_hand (id text PRIMARY KEY);"),
         "table made_by_hand already exists", "host"),
]

CANARIES = [
    Case("leaks_as_a_canary", built("leaks"), "its memory grew by", "host", CANARY),
    Case("answers_500_as_a_canary", built("answers_500"), "it fails more often", "host", CANARY),
]

# A sanitizer owns the memory: nobody bounds the probe's then, and nobody counts a generation's.
OF_MEMORY = {"create_allocates", "leaks_as_a_canary"}
