"""The shipped scenarios: all pass, on every proxy with the same findings, and control twins have none."""
import sys

from harness import Checks, bothends, findings, have, label, report, tries

# Every cause that a guide to TLS handshakes lists, as this program names it.
CAUSES = {
    "missing-intermediate", "broken-chain", "outdated-versions-only", "no-shared-version", "no-shared-suite",
    "no-shared-group", "origin-needs-sni", "sni-wrong-certificate", "421-behind-proxy", "proxy-stricter-than-origin",
    "cert-expired", "cert-not-yet-valid", "cert-name-mismatch", "unknown-ca", "client-certificate-wanted",
    "alpn-mismatch", "plaintext-vs-tls",
}


def run_on(proxy, checks):
    process, document = report("scenarios/", "--jobs", "4", *(["--proxy", proxy] if proxy != "builtin" else []))
    checks.equal(f"{proxy}: exit", process.returncode, 0)
    checks.that(f"{proxy}: nothing on stderr", process.stderr == "", process.stderr)
    if not document:
        return {}
    outcome = {}
    for scenario, one in tries(document):
        name = label(scenario, one)
        outcome[name] = one
        checks.that(f"{proxy}: {name}", one["status"] in ("passed", "skipped"), process.stdout)
        if one["status"] == "skipped":
            checks.that(f"{proxy}: {name}: skipped with a reason", proxy != "builtin" and one["reason"], one["reason"])
        if one["name"].startswith("control"):
            checks.equal(f"{proxy}: {name}: no finding", findings(one), [])
    return outcome


# Where a proxy's TLS library lets pass what the others refuse.
ACCEPTED = {("caddy", "cert-weak-key.toml: the proxy verifies the origin")}
PROGRAMS = {"trafficserver": "traffic_server"}


def wanted(proxy, name, reference):
    return ["bad-certificate-accepted"] if (proxy, name) in ACCEPTED else findings(reference[name])


def main():
    checks = Checks()
    reference = run_on("builtin", checks)
    found = {cause for one in reference.values() for cause in findings(one)}
    checks.equal("every cause of the guide is told by some scenario", CAUSES - found, set())
    files = {name.split(":")[0] for name in reference}
    checks.that("at least 14 stories", len(files) >= 14, files)
    for file in files:
        own = [one for name, one in reference.items() if name.startswith(file + ":")]
        checks.that(f"{file} has a control twin",
                    any(one["name"].startswith("control") for one in own) or file == "like-browsers.toml"
                    or all(not findings(one) or (one["fault"] or {}).get("control", {}).get("passed") for one in own))
    for proxy in ("nginx", "haproxy", "apache2", "caddy", "trafficserver"):
        if not have(PROGRAMS.get(proxy, proxy), checks):
            continue
        outcome = run_on(proxy, checks)
        checks.equal(f"{proxy}: the same tries", set(outcome), set(reference))
        for name, one in outcome.items():
            if one["status"] == "passed" and name in reference:
                checks.equal(f"{proxy}: {name}: the same finding", findings(one), wanted(proxy, name, reference))
        told = {cause for one in outcome.values() if one["status"] == "passed" for cause in findings(one)}
        skipped = {cause for name, one in outcome.items() if one["status"] == "skipped" and name in reference
                   for cause in findings(reference[name])}
        checks.equal(f"{proxy}: every cause is found or skipped", CAUSES - told - skipped, set())
    checks.equal("a folder without scenarios is an error", bothends("run", "tests/cli").returncode, 2)
    checks.done()


if __name__ == "__main__":
    main()
