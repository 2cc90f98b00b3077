"""README's example is a shipped scenario, and the report it shows is what the program prints (durations aside)."""
import re

from harness import ROOT, Checks, bothends, without_times


def main():
    checks = Checks()
    text = (ROOT / "README.md").read_text()
    scenario = re.search(r"```toml\n(.*?)```", text, re.S)
    shown = re.search(r"```console\n\$ bothends (run [^\n]*)\n(.*?)```", text, re.S)
    checks.that("README has a scenario and a report", scenario and shown)
    if scenario and shown:
        arguments = shown.group(1).split()
        checks.equal("the scenario is the shipped one", scenario.group(1), (ROOT / arguments[1]).read_text())
        process = bothends(*arguments)
        checks.equal("the report is what is printed", without_times(process.stdout), without_times(shown.group(2)))
        checks.equal("exit", process.returncode, 0)
    for command in re.findall(r"^    (tools/\S+)", text, re.M):
        checks.that(f"{command} is there", (ROOT / command).exists())
    checks.done()


if __name__ == "__main__":
    main()
