"""Many tries side by side, again and again: every origin connection belongs to its own try, nothing flakes, nothing leaks.

Most of the tries fail before any HTTP octet passes, so that only the joining of both ends can tell whose they are."""
import os
import sys
import tempfile
from pathlib import Path

from harness import Checks, bothends, processes, report, tries

FILE = """
[certs]
good = {{ names = [{names}] }}
late = {{ names = [{names}], kind = "expired" }}
[origin.a]
certs = ["{certificate}"]
body = "{body}"
[proxy]
certs = ["good"]
[proxy.routes.default]
to = "a"
"""
TRY = """
[[try]]
name = "{host}"
url = "https://{host}/{host}"
expect = {{ origin.hello.sni = "{host}", origin.connections = 1, finding = "{finding}"{more} }}
"""


def write(folder, index):
    hosts = [f"t{index}-{i}.test" for i in range(8)]
    expired = index % 2 == 0
    text = FILE.format(names=", ".join(f'"{host}"' for host in hosts), certificate="late" if expired else "good",
                       body=f"body {index}")
    for host in hosts:
        more = "" if expired else f', origin.request.target = "/{host}", body = "body {index}"'
        text += TRY.format(host=host, finding="cert-expired" if expired else "none", more=more)
    (folder / f"stress-{index:02}.toml").write_text(text)


def main():
    rounds = sys.argv[1] if len(sys.argv) > 1 else "25"
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index in range(16):
            write(folder, index)
        scratch = folder / "scratch"
        scratch.mkdir()
        process, document = report(folder, "--jobs", "8", "--repeat", rounds, env={"TMPDIR": str(scratch), "BOTHENDS_TEST_MARK": scratch.parent.name},
                                   timeout=600)
        checks.equal("exit", process.returncode, 0)
        bad = [one for _, one in tries(document) if one["status"] != "passed"]
        checks.equal("tries that did not pass", len(bad), 0)
        for one in bad[:3]:
            checks.that(one["name"], False, [v for v in one["verdicts"] if not v["met"]])
        checks.equal("all ran", document["counts"]["total"], 16 * 8 * int(rounds))
        checks.equal("no temporary file is left", os.listdir(scratch), [])
        # A port lives as long as the process that has it.
        checks.equal("no process is left", processes(f"BOTHENDS_TEST_MARK={scratch.parent.name}", str(scratch)), [])
    process = bothends("run", "scenarios/", "--jobs", "8", "--repeat", rounds, "-q", timeout=600)
    checks.that("the shipped scenarios never flake", process.returncode == 0, process.stdout)
    checks.done()


if __name__ == "__main__":
    main()
