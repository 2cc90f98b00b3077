#!/usr/bin/env python3
"""tools/check must go red for each rule, and stay green for what only looks like a breach."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"


def load(name):
    """A tool as a module, though its file has no ending."""
    loader = importlib.machinery.SourceFileLoader(f"tool_{name.removesuffix('.py')}", str(TOOLS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


check, test = load("check"), load("test.py")


def body(lines, name="f"):
    return f"int {name}() {{\n" + "  g();\n" * (lines - 2) + "}\n"


class Tree(unittest.TestCase):
    """A house of one file, or a few."""

    def said(self, files, listed=True):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / ".clang-format").write_text("DisableFormat: true\n")
            if listed:
                files = {"meson.build": "".join(f"'{name}'\n" for name in files), **files}
            for name, content in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(content, encoding="utf-8")
            result = subprocess.run([sys.executable, TOOLS / "check", folder], text=True, stdout=subprocess.PIPE)
            *problems, summary = result.stdout.splitlines()
            self.assertTrue(summary.startswith("check: "), summary)
            self.assertEqual(result.returncode, 1 if problems else 0)
            return problems

    def red(self, rule, place, files, **more):
        problems = self.said(files, **more)
        self.assertTrue(any(line.startswith(f"{place}: {rule}: ") for line in problems), problems)
        self.assertEqual(len(problems), 1, problems)

    def green(self, files):
        self.assertEqual(self.said(files), [])


class Floors(Tree):
    def test_an_include_upwards(self):
        self.red("floors", "src/wire/a.hpp:2", {"src/wire/a.hpp": '#pragma once\n#include "path/leg.hpp"\n'})

    def test_across_the_wings(self):
        self.red("floors", "src/net/a.hpp:1", {"src/net/a.hpp": '#include "report/json.hpp"\n'})
        self.red("floors", "src/report/a.hpp:1", {"src/report/a.hpp": '#include "tls/engine.hpp"\n'})

    def test_the_long_way_round(self):
        self.red("floors", "src/base/a.hpp:1", {"src/base/a.hpp": '#include "src/wire/b.hpp"\n'})
        self.red("floors", "src/base/a.hpp:1", {"src/base/a.hpp": '#include "../wire/b.hpp"\n'})
        self.red("floors", "src/base/a.hpp:1", {"src/base/a.hpp": '#include "cellar/b.hpp"\n'})

    def test_downwards_is_fine(self):
        self.green({"src/path/a.hpp": '#include "http/message.hpp"\n#include "wire/hello.hpp"\n',
                    "src/run/a.hpp": '#include "proxy/route.hpp"\n#include "report/json.hpp"\n',
                    "proxy/a.hpp": '#include "net/loop.hpp"\n'})

    def test_each_library_at_its_place(self):
        for header in ("uv.h", "openssl/ssl.h", "mbedtls/ssl.h", "psa/crypto.h", "toml++/toml.h", "nlohmann/json.hpp",
                       "CLI/CLI.hpp", "tl/expected.hpp", "doctest/doctest.h"):
            self.red("floors", "src/policy/a.hpp:1", {"src/policy/a.hpp": f"#include <{header}>\n"})
        self.red("floors", "src/tls/a.hpp:1", {"src/tls/a.hpp": "#include <openssl/ssl.h>\n"})
        self.green({"src/net/a.hpp": "#include <uv.h>\n", "src/tls/openssl/a.hpp": "#include <openssl/ssl.h>\n",
                    "src/report/json.hpp": "#include <nlohmann/json.hpp>\n", "tests/a.hpp": "#include <doctest/doctest.h>\n"})


class Purity(Tree):
    def test_clock_environment_randomness_socket(self):
        for code in ("auto t = std::chrono::system_clock::now();", 'auto* e = std::getenv("HOME");',
                     "std::random_device r;", "#include <sys/socket.h>"):
            self.red("purity", "src/policy/a.hpp:2", {"src/policy/a.hpp": "\n" + code + "\n"})
            self.green({"src/net/a.hpp": code + "\n"})

    def test_a_comment_about_it_is_fine(self):
        self.green({"src/policy/a.hpp": "// the caller reads system_clock::now\n"})


class Sizes(Tree):
    def test_a_long_function(self):
        self.red("size", "src/base/a.hpp:2", {"src/base/a.hpp": "\n" + body(61) + body(2) * 20})
        self.green({"src/base/a.hpp": body(60) + body(2) * 20})

    def test_too_many_middling_ones(self):
        self.red("size", "src:0", {"src/base/a.hpp": body(31) * 2 + body(2) * 8})

    def test_a_long_file(self):
        self.red("size", "src/base/a.hpp:401", {"src/base/a.hpp": "\n" * 401})
        self.green({"src/base/a.hpp": "\n" * 400, "tests/base/a.hpp": "\n" * 600})
        self.red("size", "tests/base/a.hpp:601", {"tests/base/a.hpp": "\n" * 601})


class Words(Tree):
    def test_names_without_a_purpose(self):
        for name in ("class ConnectionManager", "struct CertHelper", "class StringUtils", "namespace utils"):
            self.red("names", "src/base/a.hpp:1", {"src/base/a.hpp": name + " {};\n"})
        self.green({"src/base/a.hpp": "// no class LoopManager here: it would say nothing\nstruct Listener {};\n"})

    def test_notes_to_self(self):
        self.red("text", "src/base/a.hpp:1", {"src/base/a.hpp": "// TO" "DO later\n"})
        self.red("text", "README.md:1", {"README.md": "FIX" "ME\n"})
        self.green({"tests/data/log.md": "TO" "DO\n"})

    def test_folders_of_one_machine(self):
        for path in ("/wor" "k/main", "/tmp" "/w/x", "/roo" "t/x"):
            self.red("text", "tools/a.sh:1", {"tools/a.sh": f"cat {path}\n"})
        self.green({"tools/a.sh": 'cat "$1/wor' 'k/x" /tmp/wide\n'})

    def test_a_file_nobody_compiles(self):
        self.red("unlisted", "src/base/a.cpp:1", {"src/base/a.cpp": "\n"}, listed=False)
        self.red("unlisted", "tests/b/a.cpp:1", {"tests/b/a.cpp": "\n", "tests/a.cpp": "\n", "tests/meson.build": "'a.cpp'"},
                 listed=False)
        self.assertEqual(self.said({"tests/support/a.cpp": "\n", "tests/wire/meson.build": "files('../support/a.cpp')"},
                                   listed=False), [])


class Format(Tree):
    def test_format(self):
        files = {"src/base/a.hpp": "int  a;\n", "src/base/b.hpp": "int b;\n"}
        self.green(files)
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "src").mkdir()
            (root / ".clang-format").write_text("BasedOnStyle: Google\n")
            (root / "src/a.hpp").write_text("int b;\nint  a;\n")
            result = subprocess.run([sys.executable, TOOLS / "check", folder], text=True, stdout=subprocess.PIPE)
        self.assertEqual(result.returncode, 1)
        self.assertIn("src/a.hpp:2: format: ", result.stdout)


class Functions(unittest.TestCase):
    """What counts as a function, and from where to where."""

    def lengths(self, code, *expected):
        self.assertEqual(check.functions(code), list(expected))

    def test_free_member_and_nested_ones(self):
        self.lengths("namespace a {\nint f() {\n  return 1;\n}\n}\n", (2, 3))
        self.lengths("struct S : B<int> {\n public:\n  int f() const override { return 1; }\n  int x{3};\n};\n", (3, 1))
        self.lengths("template <class T>\nauto f(T t)\n    -> std::vector<T> {\n}\n", (1, 4))
        self.lengths('extern "C" {\nvoid f() {}\n}\nenum class E : int { a, b };\n', (2, 1))

    def test_each_begins_where_it_begins(self):
        self.lengths("namespace a {\nint f();\n}\n\n// about g\nvoid g() {\n}\nint h() {\n}\n", (6, 2), (8, 2))
        self.lengths("struct S {\n private:\n  void f() {\n  }\n};\nvoid g() {}\n", (3, 2), (6, 1))

    def test_lambdas_and_local_classes_belong_to_their_function(self):
        self.lengths("void f() {\n  auto g = [](int x) {\n    return x;\n  };\n  struct L { void m() {} };\n}\n", (1, 6))
        self.lengths("const auto f = [](int x) {\n  return x;\n};\n", (1, 3))

    def test_constructors(self):
        self.lengths("A::A(int x)\n    : a_{x}, b_(x), c_{x, {1, 2}} {\n  f();\n}\n", (1, 4))
        self.lengths("A::A() : std::vector<int>{1}, b_{} {}\nA::~A() = default;\nA::A(B b) noexcept : b_(b) {}\n",
                     (1, 1), (3, 1))

    def test_operators(self):
        self.lengths("bool operator==(const A& a, const A& b) {\n}\nA& A::operator=(A&&) noexcept {\n}\n"
                     "struct F {\n  int operator()(int) const {\n  }\n  explicit operator bool() const { return x < 3; }\n};\n"
                     "std::ostream& operator<<(std::ostream& o, A) {\n}\n", (1, 2), (3, 2), (6, 2), (8, 1), (10, 2))

    def test_values_are_none(self):
        self.lengths("constexpr std::array<P, 2> table{{\n  {1, 2},\n  {3, f(4)},\n}};\nconst M m = {\n  {1, {2}},\n};\n")
        self.lengths("void f(Options o = {}, int x = g({1})) {\n}\n", (1, 2))

    def test_braces_that_are_text(self):
        self.lengths('void f() {\n  g("}");  // }\n  h(\'}\', 1\'000, R"x(}")x");\n  /* } */\n}\nint v;\n', (1, 5))
        self.lengths("#define OPEN {\nvoid f() {\n}\n", (2, 2))


class Counting(unittest.TestCase):
    """tools/test: what one program adds to the last line."""

    def counts(self, result, output, expected):
        self.assertEqual(test.counted(result, output).text(), expected)

    def test_doctest_programs_count_their_cases(self):
        summary = "[doctest] test cases:  12 |  11 passed | 1 failed | 0 skipped\n[doctest] assertions: 40 | 39 passed |\n"
        self.counts("FAIL", summary, "11 passed, 1 failed")
        self.counts("OK", "[doctest] test cases: 3 | 3 passed | 0 failed | 7 skipped\n", "3 passed, 0 failed")

    def test_scripts_count_by_their_own_last_line(self):
        self.counts("OK", "1 passed, 0 failed\nand then\n7 passed, 0 failed, 2 skipped\n", "7 passed, 0 failed, 2 skipped")
        self.counts("OK", "all is well\n", "1 passed, 0 failed")

    def test_no_failure_gets_lost(self):
        self.counts("FAIL", "", "0 passed, 1 failed")
        self.counts("FAIL", "7 passed, 0 failed\n", "7 passed, 1 failed")
        self.counts("TIMEOUT", "[doctest] test cases: 3 | 3 passed | 0 failed | 0 skipped\n", "3 passed, 1 failed")
        self.counts("ERROR", "", "0 passed, 1 failed")

    def test_a_skipped_program_is_not_a_passed_one(self):
        self.counts("SKIP", "nginx is not here\n", "0 passed, 0 failed, 1 skipped")


def main():
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
