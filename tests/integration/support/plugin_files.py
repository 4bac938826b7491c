"""Plugin files that are not as they were built: the manifest inside is JSON text in a section of the file, so another
one can take its place when it is not longer."""

import hashlib
import json
import struct


def section(data, name: bytes) -> tuple:
    """Where a section of a 64-bit little-endian ELF file lies: offset and size."""
    headers, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    table, = struct.unpack_from("<Q", data, headers + names * size + 0x18)
    for header in range(headers, headers + count * size, size):
        begin = table + struct.unpack_from("<I", data, header)[0]
        if data[begin:data.index(0, begin)] == name:
            return struct.unpack_from("<QQ", data, header + 0x18)
    raise ValueError(f"there is no section {name.decode()}")


def changed(source, target, change):
    """Writes a copy of the plugin whose manifest went through `change`, a function that alters the parsed JSON."""
    data = bytearray(source.read_bytes())
    begin, size = section(data, b".stoa.manifest")
    manifest = json.loads(bytes(data[begin:begin + size]).rstrip(b"\0"))
    change(manifest)
    text = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) > size:
        raise ValueError(f"the changed manifest is {len(text) - size} bytes too long")
    data[begin:begin + size] = text.ljust(size)
    target.write_bytes(data)
    return target


def rename_version(source, target, old: str, new: str):
    """A copy that calls itself another version, in its manifest and in its code."""
    data = source.read_bytes()
    target.write_bytes(data.replace(f'"version":"{old}"'.encode(), f'"version":"{new}"'.encode())
                       .replace(f"\0{old}\0".encode(), f"\0{new}\0".encode()))
    return target


def migration(manifest, version, sql):
    """Replaces the text of a migration, as if its file had been changed."""
    for one in manifest["migrations"]:
        if one["version"] == version:
            one["sql"] = sql
            one["sha256"] = hashlib.sha256(sql.encode()).hexdigest()
