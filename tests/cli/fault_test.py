"""Faults end to end: every one of both legs on the built-in proxy, control twins, void verdicts, tickets of another name."""
import tempfile
import tomllib
from pathlib import Path

from harness import ROOT, Checks, bothends, findings, have, report, tries

FAULTS = tomllib.loads((ROOT / "src/run/faults.toml").read_text())
TRY = '[[try]]\nurl = "https://shop.test/"\n'
# The twin finds nobody at the origin; the fault is named all the same.
VOID = '[origin.shop]\nspeaks = "refuses"\n' + TRY + 'fault.client = "connect-fin"\n'
TICKET = """
[origin.shop]
[client]
versions = ["TLSv1.2"]
[[try]]
name = "offered"
url = "https://shop.test/"
fault.client = "foreign-ticket"
expect = { status = 200, client.hello.sni = "shop.test", client.agreed.resumed = true, fault = "accepted", finding = "none" }
[[try]]
name = "not offered"
url = "https://shop.test/"
expect = { status = 200, client.agreed.resumed = false, origin.connections = 1 }
[matrix]
client.versions = ["TLSv1.2", "TLSv1.3"]
"""


def ran(text, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.toml"
        file.write_text(text)
        return report(file, *arguments)


def check_all(checks, leg):
    # Silence costs as long as somebody waits for it.
    process, document = ran('[proxy]\ntimeout = "500ms"\n' + TRY + 'timeout = "1s"\n', "--matrix", f"fault.{leg}=all",
                            "--jobs", "4")
    outcomes = [one for _, one in tries(document)]
    words = [one["fault"]["name"] for one in outcomes]
    checks.equal(f"{leg}: every fault once, in order, alerts for alert-N",
                 list(dict.fromkeys("alert-N" if word.startswith("alert-") and word[6:].isdigit() else word for word in words)),
                 list(FAULTS[leg]))
    for one in outcomes:
        fault = one["fault"]
        checks.that(f"{leg} {fault['name']}: named or accepted, and its control passed",
                    one["status"] == "passed" and fault["came"] in ("named", "accepted") and fault["control"]["passed"],
                    (one["status"], one["reason"], fault, findings(one)))
        if fault["came"] == "named":
            known = "alert-N" if fault["name"].startswith("alert-") else fault["name"]
            # The causes of one alert are narrower than those of any.
            checks.that(f"{leg} {fault['name']}: by one of its causes",
                        known == "alert-N" or set(findings(one)) & set(FAULTS[leg][known]["causes"]), findings(one))
    checks.equal(f"{leg}: exit", process.returncode, 0)


def check_void(checks):
    process, document = ran(VOID, "--junit", "-")
    (_, one), = tries(document)
    checks.equal("void: exit", process.returncode, 2)
    checks.equal("void: status", one["status"], "error")
    checks.equal("void: the fault was named all the same", one["fault"]["came"], "named")
    checks.equal("void: the control", one["fault"]["control"]["passed"], False)
    said = "the verdict is void: the control twin, without the fault, fails too: origin-unreachable"
    checks.equal("void: reason", one["reason"], said)
    checks.that("void: JUnit calls it an error", f'<error message="{said}"' in process.stdout, process.stdout)


def check_console(checks):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.toml"
        file.write_text(TRY + 'fault.origin = "octet-records"\n')
        process = bothends("run", file)
        checks.that("an accepted fault is remarked", "· accepted" in process.stdout, process.stdout)
        process = bothends("run", file, "-v")
        checks.that("-v tells of the control", "fault origin: octet-records — accepted; control passed" in process.stdout,
                    process.stdout)
        file.write_text(VOID)
        process = bothends("run", file)
        checks.that("a void verdict is told", "the verdict is void" in process.stdout, process.stdout)


def check_tickets(checks, proxy):
    process, document = ran(TICKET, "--proxy", proxy)
    outcomes = [one for _, one in tries(document)]
    checks.equal(f"{proxy}: tickets of another name", [one["status"] for one in outcomes], ["passed"] * 4)
    checks.that(f"{proxy}: exit", process.returncode == 0, process.stdout)


def main():
    checks = Checks()
    for leg in ("origin", "client"):
        check_all(checks, leg)
    check_void(checks)
    check_console(checks)
    for proxy in ("builtin", "nginx"):
        if proxy == "builtin" or have(proxy, checks):
            check_tickets(checks, proxy)
    checks.done()


if __name__ == "__main__":
    main()
