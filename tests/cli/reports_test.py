"""Reports: accepted by their validators, the same counts in all of them, private, whole or absent."""
import json
import os
import re
import stat
import subprocess
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

import jsonschema
from harness import ROOT, Checks, bothends

SCHEMA = json.loads((ROOT / "schema/report.schema.json").read_text())


def counts_of_console(text):
    line = [one for one in text.splitlines() if re.search(r" in [\d.]+ (µs|ms|s)$", one)][-1]
    found = [re.search(rf"(\d+) {word}", line) for word in ("passed", "failed", "errors?", "skipped")]
    return [int(one.group(1)) if one else 0 for one in found]


def compare(checks, name, arguments, exit_code):
    with tempfile.TemporaryDirectory() as folder:
        as_json, as_junit = Path(folder) / "r.json", Path(folder) / "r.xml"
        process = bothends("run", *arguments, "--json", as_json, "--junit", as_junit)
        checks.equal(f"{name}: exit", process.returncode, exit_code)
        document = json.loads(as_json.read_text())
        jsonschema.validate(document, SCHEMA)
        checks.that(f"{name}: the JSON fits its schema", True)
        lint = subprocess.run(["xmllint", "--noout", as_junit], capture_output=True, text=True)
        checks.equal(f"{name}: xmllint", lint.stderr, "")
        root = xml.parse(as_junit).getroot()
        cases = root.findall(".//testcase")
        junit = [len(cases) - sum(len(root.findall(f".//testcase/{kind}")) for kind in ("failure", "error", "skipped")),
                 *(len(root.findall(f".//testcase/{kind}")) for kind in ("failure", "error", "skipped"))]
        counts = [document["counts"][key] for key in ("passed", "failed", "errors", "skipped")]
        checks.equal(f"{name}: JUnit counts as JSON does", junit, counts)
        checks.equal(f"{name}: the console counts as JSON does", counts_of_console(process.stdout), counts)
        attributes = [int(root.get(key)) for key in ("tests", "failures", "errors", "skipped")]
        checks.equal(f"{name}: JUnit's own attributes", attributes, [sum(counts), *counts[1:]])
        checks.equal(f"{name}: private", [stat.S_IMODE(f.stat().st_mode) for f in (as_json, as_junit)], [0o600, 0o600])
        checks.equal(f"{name}: nothing else is left", sorted(os.listdir(folder)), ["r.json", "r.xml"])


def main():
    checks = Checks()
    compare(checks, "shipped", ["scenarios/", "--jobs", "4"], 0)
    compare(checks, "failing", ["scenarios/failing/"], 2)
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "broken.toml"
        broken.write_text("colour = 1\n")
        compare(checks, "an error beside", ["scenarios/healthy.toml", broken], 2)
    process = bothends("run", "scenarios/healthy.toml", "--json", "-")
    checks.equal("JSON on standard output stands alone", json.loads(process.stdout)["counts"]["failed"], 0)
    checks.that("the report for people is on standard error then", "passed" in process.stderr, process.stderr)
    process = bothends("run", "scenarios/healthy.toml", "--json", "/nonexistent/r.json")
    checks.equal("an impossible report is said before the run", (process.returncode, process.stdout), (2, ""))
    checks.done()


if __name__ == "__main__":
    main()
