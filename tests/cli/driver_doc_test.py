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


def main():
    checks = Checks()
    page = (ROOT / "docs/drivers.md").read_text()
    blocks = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    checks.equal("one complete driver on the page", len(blocks), 1)
    if not have("nghttpx", checks):
        return checks.done()
    with tempfile.TemporaryDirectory() as folder:
        driver, names = Path(folder) / "nghttpx.toml", Path(folder) / "names.toml"
        driver.write_text(blocks[0])
        names.write_text(NAMES)
        process, document = report(names, "scenarios/", "--driver", driver, "--jobs", "4")
    checks.equal("exit", process.returncode, 0)
    checks.equal("nothing on stderr", process.stderr, "")
    statuses = []
    for scenario, one in tries(document):
        name = label(scenario, one)
        statuses.append(one["status"])
        checks.that(name, one["status"] in ("passed", "skipped"), process.stdout)
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
