"""`--help` of each command ends with two examples, and they work; those of shop.test:8443 against an nginx of ours."""
import contextlib
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from endpoints import nginx_modern
from harness import PROGRAM, ROOT, Checks, bothends, have


@contextlib.contextmanager
def staged(example):
    """The example as it can be run here: with a server behind the name, and its files in a folder of their own."""
    line = example.replace("bothends ", shlex.quote(str(PROGRAM)) + " ", 1)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if "shop.test:" in line or "targets.txt" in line:
            endpoint = stack.enter_context(nginx_modern())
            Path(folder, "targets.txt").write_text(f"# one a line\n{endpoint.address} shop.test\n{endpoint.address}\n")
            line = line.replace("shop.test:8443", endpoint.address)
        for name in ("report.xml", "shop.json", "targets.txt", "policies.jsonl"):
            line = line.replace(name, f"{folder}/{name}")
        yield line


def main():
    checks = Checks()
    commands = re.findall(r"^  ([a-z]+) +\S", bothends("--help").stdout.split("Subcommands:")[1], re.M)
    checks.that("commands are listed", {"run", "explain", "doctor"} <= set(commands), commands)
    for command in commands:
        text = bothends(command, "--help").stdout
        examples = re.findall(r"^  (bothends .*)$", text.split("Examples:")[-1], re.M)
        checks.equal(f"{command}: examples", len(examples), 2)
        for example in examples:
            if re.search(r"nginx|shop\.test:|targets\.txt", example) and not have("nginx", checks):
                continue
            with staged(example) as line:
                process = subprocess.run(line, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120)
                # A scenario that shows a failure expects it: these examples all succeed.
                checks.that(f"{example}", process.returncode == 0, process.stdout + process.stderr)
    version = bothends("--version")
    checks.that("--version", re.fullmatch(r"bothends \d+\.\d+\.\d+\n", version.stdout), version.stdout)
    checks.done()


if __name__ == "__main__":
    main()
