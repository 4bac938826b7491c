"""Tests of the rules of ./dev check: what each one refuses, and what it lets pass. Run: python3 tests/tools/rules_test.py"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rules import includes, sizes


def broken_rules(file, target, quoted=True):
    return [finding.rule for finding in includes.broken(Path(file), 1, target, quoted)]


class Includes(unittest.TestCase):
    def test_abi_needs_c_headers_only(self):
        header = "abi/include/stoa/abi/sql.h"
        self.assertEqual(broken_rules(header, "stdint.h", quoted=False), [])
        self.assertEqual(broken_rules(header, "core.h"), [])
        self.assertEqual(broken_rules(header, "string", quoted=False), ["include-abi"])
        self.assertEqual(broken_rules("abi/sdk/src/json.cpp", "host/base/work.h"), ["include-abi"])

    def test_a_plugin_sees_the_sdk_and_itself(self):
        source = "plugins/order/src/api.cpp"
        for target, quoted in (("stoa/json.h", False), ("domain.h", True), ("vector", False)):
            self.assertEqual(broken_rules(source, target, quoted), [], target)
        self.assertEqual(broken_rules(source, "host/sql/database.h"), ["include-plugin-layer"])
        for target in ("thread", "sys/socket.h", "Poco/Net/HTTPServer.h", "fstream"):
            self.assertEqual(broken_rules(source, target, quoted=False), ["include-plugin-library"], target)

    def test_nobody_includes_a_plugin(self):
        self.assertEqual(broken_rules("host/app/host.cpp", "plugins/order/src/domain.h"), ["include-plugin"])
        self.assertEqual(broken_rules("plugins/cart/src/api.cpp", "plugins/order/src/domain.h"), ["include-plugin"])

    def test_boost_stays_at_the_edge(self):
        self.assertEqual(broken_rules("host/http/server.cpp", "boost/beast/core.hpp", quoted=False), [])
        self.assertEqual(broken_rules("tests/load/servers/beast.cpp", "boost/beast/core.hpp", quoted=False), [])
        self.assertEqual(broken_rules("host/sql/pool.cpp", "boost/asio.hpp", quoted=False), ["include-boost"])

    def test_the_registry_stands_alone(self):
        self.assertEqual(broken_rules("registry/embedded.cpp", "registry/registry.h"), [])
        self.assertEqual(broken_rules("registry/embedded.cpp", "host/http/server.h"), ["include-registry"])


class Functions(unittest.TestCase):
    def lengths(self, text):
        return {name: last - first + 1 for name, first, last in sizes.cpp(text)}

    def test_functions_in_namespaces_and_classes_are_found(self):
        text = ("namespace a::b {\nclass C : public D {\npublic:\n    int one() const { return 1; }\n    void two(int x)\n"
                "    {\n        if (x) {\n        }\n    }\n};\n}\nint main() {\n}\n")
        self.assertEqual(self.lengths(text), {"one": 1, "two": 5, "main": 2})

    def test_braces_in_strings_and_comments_do_not_count(self):
        text = 'void f() {\n    // }\n    s = "}" + R"(}\n}})";\n    c = \'}\'; n = 1\'000;\n    /* } */\n}\nvoid g() {\n}\n'
        self.assertEqual(self.lengths(text), {"f": 7, "g": 2})

    def test_tables_and_constructors_are_no_surprise(self):
        text = "const T kTable[] = {\n    {f(1), 2},\n    {f(2), 3},\n};\nC::C(int x)\n    : a_(x) {\n    go();\n}\n"
        self.assertEqual(self.lengths(text), {"C::C": 4})

    def test_preprocessor_lines_are_blind(self):
        self.assertEqual(self.lengths("#define X(a) \\\n    { a(\nvoid f() {\n}\n"), {"f": 2})


if __name__ == "__main__":
    unittest.main()
