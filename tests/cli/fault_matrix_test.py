"""The fault matrix: behind every proxy, in both settings, every fault is named by its cause or was let through; three times the
same. What it comes to agrees with what was measured before, and stands in docs/matrix.md and in the pages of the causes.

With --write it writes those instead of comparing them."""
import re
import sys
import tomllib
from pathlib import Path

import fault_tables
from fault_cells import PROXIES, SETTINGS, cells
from harness import ROOT, Checks, have, report

DATA = ROOT / "tests/data"
LEGS = ("origin", "client")
PROGRAMS = {"trafficserver": "traffic_server"}
STACKS = ("openssl", "mbedtls")
# These break a connection by themselves: nobody can be served then.
BREAKING = ("alert-", "connect-", "hello-blackhole", "hello-fin", "hello-reset", "server-hello-", "client-hello-", "handshake-",
            "request-", "refuse", "stalled", "plain-http", "ssh-banner", "garbage", "unrecognized-name-fatal")
# What passes a proxy that was told to verify, and why.
LET_PASS = {
    ("cn-only", "nginx"): "OpenSSL takes the name from the subject when there is no subjectAltName",
    ("cn-only", "haproxy"): "OpenSSL takes the name from the subject when there is no subjectAltName",
    ("cn-only", "apache2"): "Apache takes the name from the subject when there is no subjectAltName",
    ("cn-only", "trafficserver"): "OpenSSL takes the name from the subject when there is no subjectAltName",
    ("no-intermediate", "apache2"): "Apache has the intermediate from the chain of its own client certificate",
    ("broken-chain", "apache2"): "Apache has the intermediate from the chain of its own client certificate",
    ("rsa-1024", "caddy"): "Go refuses RSA below 1024 bits only",
}


def run(leg, jobs, *matrix):
    """The cells of each run of one leg, by key."""
    arguments = [part for one in matrix for part in ("--matrix", one)]
    process, document = report(DATA / f"faults-{leg}.toml", "--jobs", str(jobs), *arguments)
    return cells(document, leg) if document else [{}], process


def check_cell(checks, cell):
    name = " ".join((cell.leg, cell.fault, "behind", cell.proxy, cell.setting))
    if cell.ran == "skipped":
        reason = r"\((front|routes)\.\S+\)$" if cell.proxy in PROXIES else r"\S"  # of the driver's [cannot], or a stack's
        return checks.that(f"{name}: skipped with a reason", re.search(reason, cell.why), cell)
    checks.that(f"{name}: named or accepted", cell.came in ("named", "accepted"), cell)
    checks.that(f"{name}: its twin passed", cell.control is True, cell)
    if cell.came == "accepted":
        checks.that(f"{name}: accepted means served by the origin", cell.status == 200 and cell.reached, cell)
        checks.that(f"{name}: it cannot be accepted", not cell.fault.startswith(BREAKING), cell)


def check_let_pass(checks, seen):
    passed = {(cell.fault, cell.proxy) for cell in seen.values() if cell.let_pass and cell.proxy in PROXIES}
    wanted = {key for key in LET_PASS if key[1] in {cell.proxy for cell in seen.values()}}
    checks.equal("let pass though told to verify", passed, wanted)


def usual(same):
    """How it mostly looks: what a proxy's own timing decides, as how often it tries, may differ once among equal verdicts."""
    looks = [fault_tables.look(cell) for cell in same]
    return same[looks.index(max(looks, key=looks.count))]


def check_real(checks):
    """The cells of the first run, by key. Once as a user runs it, twice with more side by side, which must not matter."""
    proxies = [proxy for proxy in PROXIES if have(PROGRAMS.get(proxy, proxy), checks)]
    matrix = ("proxy.use=" + ",".join(proxies), "proxy.setting=" + ",".join(SETTINGS))
    seen = {}
    for leg in LEGS if proxies else ():
        (first,), process = run(leg, 4, *matrix)
        checks.that(f"{leg}: there are faults", len(first) > 45 * len(proxies) * len(SETTINGS), process.stderr)
        for cell in first.values():
            check_cell(checks, cell)
        runs = [first]
        for number in (2, 3):
            (again,), process = run(leg, 12, *matrix)
            runs.append(again)
            for key in sorted(first.keys() | again.keys()):
                one, other = first.get(key), again.get(key)
                same = one and other and one.verdict == other.verdict
                checks.that(f"{' '.join(key)}: the same in run {number}", same, f"{one}\n{other}")
        seen |= {key: usual([one[key] for one in runs if key in one]) for key in first}
    return seen, len(proxies) == len(PROXIES)


def check_alpn(checks):
    """HAProxy is the one whose offer to origins can be http/1.1; Caddy by default offers h2 too."""
    (seen,), process = run("origin", 12, "proxy.use=haproxy", "proxy.setting=told", "proxy.routes.alpn=http/1.1")
    checks.that("faults behind a proxy that offers ALPN", len(seen) > 45, process.stderr)
    for cell in seen.values():
        check_cell(checks, cell)
    for fault in ("h2-only", "alpn-mismatch"):
        found = [cell.cause for cell in seen.values() if cell.fault == fault]
        checks.equal(f"{fault} behind a proxy that offers http/1.1", found, ["alpn-mismatch"])


def check_embedded(checks):
    pairs = [f"{key}={','.join(STACKS)}" for key in ("proxy.stack", "proxy.routes.stack")]
    for leg in LEGS:
        (seen,), process = run(leg, 4, *pairs, "proxy.setting=" + ",".join(SETTINGS))
        checks.that(f"{leg}: the embedded proxy has faults", len(seen) > 45 * 8, process.stderr)
        for cell in seen.values():
            check_cell(checks, cell)


def differs(cell, fact):
    keys = ("alert", "closed") if fault_tables.races(cell) and fact["status"] in (502, 503) else (
        "status", "alert", "closed", "attempts")
    return any(key in fact and getattr(cell, key) != fact[key] for key in keys)


def check_facts(checks, seen):
    """What was measured before; where we see something else, the file says what and why."""
    known = tomllib.loads((DATA / "proxy-failures.toml").read_text(encoding="utf-8"))
    why = {(fault, proxy, one["setting"]): one for one in known["difference"] for fault in one["faults"]
           for proxy in one["proxies"]}
    used = set()
    for fact in known["facts"]:
        cell = seen.get(("origin", fact["fault"], fact["proxy"], fact["setting"]))
        name = f"{fact['fault']} behind {fact['proxy']} {fact['setting']}, measured before ({fact['source']})"
        if cell is None:
            checks.that(name, False, "no such cell")
        elif differs(cell, fact):
            key = (cell.fault, cell.proxy, cell.setting)
            told = why.get(key)
            checks.that(name, told and fault_tables.look(cell) in told["sees"], f"{fact}\nnow: {fault_tables.look(cell)}\n{cell}")
            used.add(key)
    checks.equal("every explained difference is one", set(why) - used, set())


def check_pages(checks, seen, write):
    for file, text in fault_tables.pages(seen).items():
        path = ROOT / file
        if write:
            path.write_text(text, encoding="utf-8")
        now = path.read_text(encoding="utf-8") if path.exists() else ""
        checks.that(f"{file} is what a run gives (tests/cli/fault_matrix_test.py --write writes it)", now == text,
                    fault_tables.first_difference(now, text))


def main():
    checks = Checks()
    write = sys.argv[1:] == ["--write"]
    seen, complete = check_real(checks)
    check_let_pass(checks, seen)
    if complete:
        check_facts(checks, seen)
        check_pages(checks, seen, write)
    check_embedded(checks)
    if have("haproxy", checks):
        check_alpn(checks)
    checks.done()


if __name__ == "__main__":
    main()
