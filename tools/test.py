#!/usr/bin/env python3
"""tools/test.py [FILTER], by tools/test: builds and runs all tests, in release and again under AddressSanitizer and UBSan.

FILTER picks tests whose name or suite contains it (`tools/test wire`); see `meson introspect --tests build`.
The house rules (tools/check) are a test of their own, named check. Tests in the suite `release` run only in build/:
the slow ones and those that measure. The last line counts test cases, each run of one; the exit code is 0 only if all went well.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
# Halting is what turns a report into a red test; where a test starts a program of ours, it holds for that one too.
SANITIZERS = {"ASAN_OPTIONS": "halt_on_error=1:detect_stack_use_after_return=1",
              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
DOCTEST = re.compile(r"\[doctest\] test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
OWN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", re.M)


class Count:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def text(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def say(text):
    print(f"test: {text}", file=sys.stderr, flush=True)


def counted(result, output):
    """The cases of one test program: by doctest's summary, by its own last count, or the program as one case."""
    if result == "SKIP":
        return Count(skipped=1)
    doctest, own = DOCTEST.findall(output), OWN.findall(output)
    if doctest:
        count = Count(sum(int(one[1]) for one in doctest), sum(int(one[2]) for one in doctest))
    elif own:
        count = Count(*(int(number or 0) for number in own[-1]))
    else:
        count = Count(passed=int(result == "OK"))
    if result not in ("OK", "EXPECTEDFAIL") and count.failed == 0:
        count.failed = 1  # it crashed, hung, or said one thing and returned another
    return count


def chosen(folder, wanted, without):
    listed = json.loads(subprocess.run(["meson", "introspect", "--tests", folder], check=True, text=True,
                                       stdout=subprocess.PIPE, cwd=TOP).stdout)
    suites = {test["name"]: [suite.split(":")[-1] for suite in test["suite"]] for test in listed}
    return [name for name, of in suites.items()
            if without not in of and any(wanted in text for text in [name, *of])]


def run_check(wanted):
    if wanted not in "check":
        return Count()
    say("the house rules (tools/check)")
    result = subprocess.run([TOP / "tools/check"], cwd=TOP)
    return Count(passed=int(result.returncode == 0), failed=int(result.returncode != 0))


def run_tests(folder, wanted, without, environment, patience):
    names = chosen(folder, wanted, without)
    if not names:
        return Count()
    say(f"running {len(names)} in {folder}/: {' '.join(names)}")
    log = TOP / folder / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    # meson's own lines and the logs of what failed are progress, not the result: standard error.
    subprocess.run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", "--timeout-multiplier", patience,
                    "--num-processes", str(os.cpu_count() or 1), *names],
                   cwd=TOP, env={**environment, **os.environ}, stdout=sys.stderr)
    total, seen = Count(), 0
    for line in log.read_text().splitlines() if log.exists() else []:
        entry = json.loads(line)
        total += counted(entry["result"], entry.get("stdout") or "")
        seen += 1
    if seen < len(names):
        say(f"{len(names) - seen} programs in {folder}/ did not report")
        total.failed += len(names) - seen
    say(f"{folder}/: {total.text()}")
    return total


def build(*options):
    if subprocess.run([TOP / "tools/build", "--tests", *options]).returncode != 0:
        say("the build failed: nothing was tested")
        print(Count(failed=1).text())
        sys.exit(1)


def main():
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and sys.argv[1].startswith("-")):
        sys.exit(__doc__)
    wanted = sys.argv[1] if len(sys.argv) == 2 else ""
    build()
    total = run_check(wanted)
    tested = run_tests("build", wanted, None, {}, "2")
    if not wanted and tested.passed == 0:
        tested.failed += 1  # a build without tests must not look like a good one
    total += tested
    build("--asan")
    total += run_tests("build-asan", wanted, "release", SANITIZERS, "6")
    if total.passed + total.failed == 0:
        say(f"nothing was tested: no test has {wanted!r} in its name" if wanted else "nothing was tested")
    print(total.text())
    sys.exit(0 if total.passed and not total.failed else 1)


if __name__ == "__main__":
    main()
