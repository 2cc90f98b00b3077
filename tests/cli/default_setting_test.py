"""What the drivers say that their proxies do by default is what they do: names, versions, ALPN, and what they let pass."""
import sys
import tempfile
import tomllib
from pathlib import Path

from harness import ROOT, Checks, have, report, tries

PROGRAMS = {"trafficserver": "traffic_server"}
KINDS = ["good", "expired", "not-yet-valid", "wrong-name", "self-signed", "unknown-ca", "no-intermediate", "sha1"]
PROBLEM_OF = {"unknown-ca": "unknown-issuer", "no-intermediate": "incomplete", "sha1": "weak-signature"}

HEAD = """title = "Every proxy in its default setting"
[certs]
shop = { names = ["shop.test"] }
[proxy]
setting = "default"
[origin.shop]
certs = ["shop"]
[proxy.routes."shop.test"]
to = "shop"
"""


def scenario():
    return HEAD + "".join(f'[[try]]\nname = "{kind}"\nurl = "https://shop.test/"\nwith.certs.shop.kind = "{kind}"\n'
                          for kind in KINDS)


def status_of(one):
    answers = [exchange["response"] for exchange in one["record"]["client"]["exchanges"] if exchange["response"]]
    return answers[0]["status"] if answers else None


def check_hello(checks, proxy, default, hello):
    named = default.get("sni") == "upstream" and not default["upstream"][0].isdigit()
    checks.equal(f"{proxy}: SNI", hello["sni"], default["upstream"] if named else None)
    checks.equal(f"{proxy}: versions", sorted(version["name"] for version in hello["versions"]), sorted(default["versions"]))
    checks.equal(f"{proxy}: ALPN", hello["alpn"], default.get("alpn", []))


def check(checks, proxy):
    driver = tomllib.loads((ROOT / f"proxy/drivers/{proxy}.toml").read_text(encoding="utf-8"))
    default, failed = driver["default"], driver["statuses"]["tls"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "default.toml"
        file.write_text(scenario(), encoding="utf-8")
        process, document = report(file, "--proxy", proxy, "--jobs", "4")
    ran = {one["name"]: one for _, one in tries(document) if one["status"] in ("passed", "failed")} if document else {}
    if len(ran) != len(KINDS):
        return checks.that(f"{proxy}: every try runs", False, process.stdout + process.stderr)
    check_hello(checks, proxy, default, ran["good"]["record"]["origins"][-1]["hello"])
    for kind, one in ran.items():
        refuses = kind != "good" and (default["verify"] == "full" or PROBLEM_OF.get(kind, kind) in default.get("minds", []))
        checks.equal(f"{proxy}: {kind}: status", status_of(one), failed if refuses else 200)


def main():
    checks = Checks()
    for proxy in sorted(path.stem for path in (ROOT / "proxy/drivers").glob("*.toml")):
        if have(PROGRAMS.get(proxy, proxy), checks):
            check(checks, proxy)
    checks.done()


if __name__ == "__main__":
    sys.exit(main())
