"""README's example is a shipped scenario, and the report it shows is what the program prints (durations aside)."""
import re

from harness import ROOT, Checks, bothends, without_times


def main():
    checks = Checks()
    text = (ROOT / "README.md").read_text()
    scenario = re.search(r"```toml\n(.*?)```", text, re.S)
    shown = re.findall(r"```console\n\$ bothends (run [^\n]*)\n(.*?)```", text, re.S)
    checks.that("README has a scenario and three reports", scenario and len(shown) == 3)
    for command, printed in shown:
        process = bothends(*command.split())
        checks.equal(f"{command}: the report is what is printed", without_times(process.stdout), without_times(printed))
        checks.equal(f"{command}: exit", process.returncode, 1 if "failing" in command else 0)
    if scenario and shown:
        checks.equal("the scenario is the shipped one", scenario.group(1), (ROOT / shown[0][0].split()[1]).read_text())
    for command in re.findall(r"^    (tools/\S+)", text, re.M):
        checks.that(f"{command} is there", (ROOT / command).exists())
    checks.done()


if __name__ == "__main__":
    main()
