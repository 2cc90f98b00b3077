"""`--help` of each command ends with two examples, and they work."""
import re
import shlex
import subprocess
import tempfile

from harness import PROGRAM, ROOT, Checks, bothends, have


def main():
    checks = Checks()
    commands = re.findall(r"^  ([a-z]+) +\S", bothends("--help").stdout.split("Subcommands:")[1], re.M)
    checks.that("commands are listed", {"run", "explain", "doctor"} <= set(commands), commands)
    for command in commands:
        text = bothends(command, "--help").stdout
        examples = re.findall(r"^  (bothends .*)$", text.split("Examples:")[-1], re.M)
        checks.equal(f"{command}: examples", len(examples), 2)
        for example in examples:
            if "nginx" in example and not have("nginx", checks):
                continue
            with tempfile.TemporaryDirectory() as folder:
                line = example.replace("bothends ", shlex.quote(str(PROGRAM)) + " ", 1).replace("report.xml", f"{folder}/r.xml")
                process = subprocess.run(line, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120)
                # A scenario that shows a failure expects it: these examples all succeed.
                checks.that(f"{example}", process.returncode == 0, process.stdout + process.stderr)
    version = bothends("--version")
    checks.that("--version", re.fullmatch(r"bothends \d+\.\d+\.\d+\n", version.stdout), version.stdout)
    checks.done()


if __name__ == "__main__":
    main()
