"""Tests of only_grows.py: what it refuses, and what it lets pass."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from only_grows import differences

HEADERS = sorted(Path(__file__).resolve().parent.glob("1.0/include/stoa/abi/*.h"))
TABLE = """#define STOA_X_ID "stoa.x/1"
#define STOA_ABI_MINOR 0u
enum { STOA_A = 0, STOA_B = 1 };
typedef struct stoa_fixed { uint32_t a; } stoa_fixed;
typedef struct stoa_x stoa_x;
struct stoa_x {
    uint32_t struct_size; /* first */
    stoa_status (*call)(const stoa_x *x, stoa_str name);
};
"""


def changed(old, new):
    assert old in TABLE, old
    return list(differences(TABLE, TABLE.replace(old, new)))


class OnlyGrows(unittest.TestCase):
    def test_what_may_change(self):
        self.assertEqual(changed("/* first */", "/* begins */"), [])
        self.assertEqual(changed("name);\n", "name);\n    int64_t (*more)(const stoa_x *x);\n"), [])
        self.assertEqual(changed("STOA_B = 1", "STOA_B = 1, STOA_C = 2"), [])
        self.assertEqual(changed("MINOR 0u", "MINOR 1u"), [])
        self.assertEqual(changed("typedef struct stoa_x", "typedef struct stoa_new stoa_new;\ntypedef struct stoa_x"), [])

    def test_what_may_not(self):
        for old, new in (("stoa_str name", "stoa_str other"), ("struct_size;", "struct_size; uint32_t between;"),
                         ("(*call)", "(*renamed)"), ("STOA_B = 1", "STOA_B = 2"), ("STOA_A = 0, ", ""),
                         ("stoa.x/1", "stoa.x/2"), ("uint32_t a;", "uint64_t a;"), ("uint32_t a;", "uint32_t a; int b;"),
                         ("typedef struct stoa_x stoa_x;", ""), ("stoa_status (*call)", "int32_t (*call)")):
            self.assertEqual(len(changed(old, new)), 1, f"{old} -> {new}")

    def test_each_member_of_each_frozen_struct_is_seen(self):
        for header in HEADERS:
            text = header.read_text()
            self.assertEqual(list(differences(text, text)), [])
        self.assertEqual(len(HEADERS), 14)
        text = Path(HEADERS[0].parent, "sql.h").read_text()
        for member in ("void (*rollback)(stoa_tx *tx);", "int64_t i;", "STOA_BOOL = 5", "uint32_t struct_size;"):
            self.assertIn(member, text)
            self.assertEqual(len(list(differences(text, text.replace(member, "", 1)))), 1, member)


if __name__ == "__main__":
    unittest.main()
