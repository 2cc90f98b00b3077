"""What the end-to-end tests share: running the program, and counting checks as `N passed, N failed`."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("BOTHENDS", ROOT / "build/src/cli/bothends"))


class Checks:
    """Counts; every failed check is shown at once with what was seen."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def that(self, name, condition, seen=""):
        if condition:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED: {name}\n{indent(str(seen)[-3000:])}", flush=True)

    def equal(self, name, actual, wanted):
        self.that(name, actual == wanted, f"actual: {actual!r}\nwanted: {wanted!r}")

    def skip(self, name, why):
        self.skipped += 1
        print(f"skipped: {name}: {why}")

    def done(self):
        tail = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{tail}")
        sys.exit(1 if self.failed or not self.passed else 0)


def indent(text):
    return "\n".join("    " + line for line in text.splitlines())


def bothends(*arguments, timeout=300, cwd=ROOT, env=None):
    """The finished process, its output as text."""
    environment = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **(env or {})}
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, errors="surrogateescape",
                          timeout=timeout, cwd=cwd, env=environment, stdin=subprocess.DEVNULL)


def report(*arguments, **options):
    """Runs with --json; (process, document)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        process = bothends("run", *arguments, "--json", file, **options)
        return process, json.loads(file.read_text()) if file.exists() else None


def tries(document):
    """(scenario, try) for every try of a document."""
    return [(scenario, one) for scenario in document["scenarios"] for one in scenario["tries"]]


def label(scenario, one):
    variant = "".join(f" [{key}={value}]" for key, value in dict(one["variant"]).items())
    return f"{Path(scenario['file']).name}: {one['name']}{variant}"


def findings(one):
    return sorted({finding["cause"] for finding in one["findings"]})


def have(proxy, checks):
    """Whether a real proxy is installed. In CI a missing one is a failure, not a skip."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if shutil.which(proxy, path=path):
        return True
    if os.environ.get("CI"):
        checks.that(f"{proxy} is installed", False, f"tools/install --tests installs {proxy}")
    else:
        checks.skip(proxy, "not installed")
    return False


def processes(*marks):
    """Command lines of living processes that have one of the marks in their environment or on their command line.

    nginx writes its title over its environment; its configuration's path stays in the title."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if "Z" in (entry / "stat").read_text().split(")")[1][:3]:
                continue
            line = (entry / "cmdline").read_bytes()
            if any(mark.encode() in (entry / "environ").read_bytes() + line for mark in marks):
                found.append(line.replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def without_times(text):
    """Durations differ from run to run; nothing else may."""
    return re.sub(r" *\b\d+(\.\d+)? (µs|us|ms|s)\b", " N ms", text)
