"""The driver that docs/drivers.md shows for a proxy that is not shipped works as it stands there."""
import re
import tempfile
from pathlib import Path

from harness import ROOT, Checks, findings, have, label, report, tries

NAMES = """
[origin.shop]
body = "hello from shop"
[origin.api]
body = "hello from api"
[proxy.routes."shop.test"]
to = "shop"
[proxy.routes."api.test"]
to = "api"

[[try]]
name = "the first route"
url = "https://shop.test/"
expect = { status = 200, body = "hello from shop", origin.hello.sni = "shop.test", finding = "none" }

[[try]]
name = "the second route"
url = "https://api.test/"
expect = { status = 200, body = "hello from api", origin.hello.sni = "api.test", finding = "none" }

[[try]]
name = "no route"
url = "https://elsewhere.test/"
expect = { status = 502, origin.connections = 0, finding = "no-route" }
"""


# Rarely nghttpx closes its client's connection without an answer where it otherwise answers 502: when the name is wrong. The
# finding is the same.
UNANSWERED = "cert-wrong-name.toml: the proxy verifies the origin"


def is_unanswered(name, one):
    broken = [verdict for verdict in one["verdicts"] if not verdict["met"]]
    return name.startswith(UNANSWERED) and [(it["fact"], it["actual"]) for it in broken] == [("status", "absent")]


def check_address(checks, blocks):
    """The driver of a proxy that runs already: here the built-in one's port is nobody's, so the proxy is not reached, but the
    origin listens where the page says."""
    checks.equal("one driver with an address", len(blocks), 1)
    with tempfile.TemporaryDirectory() as folder:
        driver, scenario = Path(folder) / "edge.toml", Path(folder) / "one.toml"
        driver.write_text(blocks[0].replace("8443", "1"))
        scenario.write_text('[[try]]\nurl = "https://shop.test/"\nexpect = { finding = "proxy-unreachable" }\n')
        process, document = report(scenario, "--driver", driver)
    checks.equal("a proxy that nobody started", [one["status"] for _, one in tries(document)], ["passed"])


def check_default(checks, blocks, complete):
    """The keys of [default] can be added to a driver as they stand there."""
    checks.equal("one example of [default]", len(blocks), 1)
    with tempfile.TemporaryDirectory() as folder:
        driver, scenario = Path(folder) / "n.toml", Path(folder) / "one.toml"
        scenario.write_text('proxy.setting = "default"\n[[try]]\nurl = "https://shop.test/"\n')
        above, table = blocks[0].split("[default]")
        driver.write_text(above + complete + "[default]" + table)
        process, document = report(scenario, "--driver", driver)
        checks.that("the example is read", all(one["status"] == "skipped" for _, one in tries(document)), process.stdout)
        checks.that("another version is skipped", "known of version 1.22" in process.stdout or not have("nghttpx", checks),
                    process.stdout)


def check_faults(checks, driver):
    """A proxy that the code has never seen: every fault of both legs is named or accepted."""
    # Under sanitizers on a busy machine an answer may take seconds: only silence should last as long as the try.
    patient = driver.with_name("faults-client.toml")
    text = (ROOT / "tests/data/faults-client.toml").read_text()
    checks.equal("one limit to lengthen", text.count('timeout = "2s"'), 1)
    patient.write_text(text.replace('timeout = "2s"', 'timeout = "6s"'))
    process, document = report(ROOT / "tests/data/faults-origin.toml", patient, "--driver", driver, "--jobs", "8")
    run = [one for _, one in tries(document) if one["status"] != "skipped"] if document else []
    checks.that("most faults are run", len(run) > 120, process.stderr)
    for one in run:
        name = f"{one['fault']['leg']} fault {one['fault']['name']}"
        checks.that(f"{name}: named or accepted", one["fault"]["came"] in ("named", "accepted"), one["findings"])
        checks.that(f"{name}: its control passed", one["fault"]["control"]["passed"], one["fault"])
        # nghttpx, too, takes the name from the subject when there is no subjectAltName.
        passed = one["fault"]["name"] == "cn-only" and one["fault"]["leg"] == "origin"
        checks.equal(f"{name}: status", one["status"], "failed" if passed else "passed")


def main():
    checks = Checks()
    page = (ROOT / "docs/drivers.md").read_text()
    every = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    blocks = [block for block in every if "[files]" in block]
    checks.equal("one complete driver on the page", len(blocks), 1)
    check_address(checks, [block for block in every if "\naddress" in block])
    check_default(checks, [block for block in every if "\n[default]" in block], blocks[0])
    if not have("nghttpx", checks):
        return checks.done()
    with tempfile.TemporaryDirectory() as folder:
        driver, names = Path(folder) / "nghttpx.toml", Path(folder) / "names.toml"
        driver.write_text(blocks[0])
        names.write_text(NAMES)
        process, document = report(names, "scenarios/", "--driver", driver, "--jobs", "4")
        check_faults(checks, driver)
    unanswered = any(is_unanswered(label(scenario, one), one) for scenario, one in tries(document))
    checks.equal("exit", process.returncode, 1 if unanswered else 0)
    checks.equal("nothing on stderr", process.stderr, "")
    statuses = []
    for scenario, one in tries(document):
        name = label(scenario, one)
        statuses.append(one["status"])
        checks.that(name, one["status"] in ("passed", "skipped") or is_unanswered(name, one), process.stdout)
        if name.startswith("names.toml"):
            checks.equal(f"{name}: it is run", one["status"], "passed")
        if one["status"] == "skipped":
            checks.that(f"{name}: skipped with its reason", "nghttpx" in one["reason"], one["reason"])
        elif one["name"].startswith("control"):
            checks.equal(f"{name}: no finding", findings(one), [])
    checks.that("most scenarios are run", statuses.count("passed") > statuses.count("skipped"), statuses)
    checks.done()


if __name__ == "__main__":
    main()
