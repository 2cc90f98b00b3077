"""SIGINT, SIGTERM and SIGKILL at random moments: exit 130, a report that says it is partial, nothing left behind."""
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from harness import PROGRAM, ROOT, Checks, have, processes


def eventually(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def interrupted(checks, name, which, moment, extra):
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        file = Path(folder) / "report.json"
        marker = f"BOTHENDS_TEST_MARK={os.path.basename(folder)}"
        key, value = marker.split("=")
        process = subprocess.Popen(
            [PROGRAM, "run", "scenarios/", "--jobs", "4", "--repeat", "1000", "--json", file, *extra], cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(scratch), key: value})
        time.sleep(moment)
        process.send_signal(which)
        try:
            output, errors = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            checks.that(f"{name}: ends", False, "still running 30 s after the signal")
            return
        checks.that(f"{name}: no process is left", eventually(lambda: not processes(marker, str(scratch))),
                    processes(marker, str(scratch)))
        if which == signal.SIGKILL:
            return
        checks.equal(f"{name}: exit", process.returncode, 130)
        checks.that(f"{name}: says so", "interrupted" in (output + errors).lower(), (output + errors)[-500:])
        checks.equal(f"{name}: no temporary file is left", os.listdir(scratch), [])
        document = json.loads(file.read_text())
        checks.equal(f"{name}: the report says it is partial", (document["interrupted"], document["not_run"] > 0), (True, True))


def main():
    checks = Checks()
    chance = random.Random(7)
    for i in range(6):
        moment = chance.uniform(0.05, 1.5)
        interrupted(checks, f"builtin, SIGINT after {moment:.2f} s", signal.SIGINT, moment, [])
    interrupted(checks, "builtin, SIGTERM", signal.SIGTERM, 0.4, [])
    for proxy in ("nginx", "haproxy"):
        if not have(proxy, checks):
            continue
        for which in (signal.SIGINT, signal.SIGKILL):
            for _ in range(4):
                moment = chance.uniform(0.1, 1.5)
                interrupted(checks, f"{proxy}, {which.name} after {moment:.2f} s", which, moment, ["--proxy", proxy])
    checks.done()


if __name__ == "__main__":
    main()
