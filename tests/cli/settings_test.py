"""What a proxy is told and what it does by itself: every shipped driver's [default] is what its proxy does, upstreams have
names, clients must show certificates."""
import json
import tempfile
import tomllib
from pathlib import Path

from harness import ROOT, Checks, have, label, report, tries

DRIVERS = {file.stem: tomllib.loads(file.read_text()) for file in sorted((ROOT / "proxy/drivers").glob("*.toml"))}
PACKAGED = [name for name, driver in DRIVERS.items() if "default" in driver]

# A good chain, one that nobody should trust, and one that has ended: so that "verify" and "minds" show.
DEFAULT = """
[certs]
shop = { names = ["shop.test"] }
[origin.shop]
certs = ["shop"]
[proxy]
setting = "default"
timeout = "5s"

[[try]]
name = "the hello"
url = "https://shop.test/"
[try.expect]
finding = "present"
%(hello)s

[[try]]
name = "a good certificate"
url = "https://shop.test/"
expect = { status = %(good)s, finding = "present" }

[[try]]
name = "an authority that nobody knows"
with.certs.shop.kind = "unknown-ca"
url = "https://shop.test/"
expect = { status = %(unknown)s, finding = "present" }

[[try]]
name = "expired"
with.certs.shop.kind = "expired"
url = "https://shop.test/"
expect = { status = %(expired)s, finding = "present" }
"""

UPSTREAM = """
[certs]
shop = { names = ["localhost"] }
[origin.shop]
certs = ["shop"]
[proxy.routes."shop.test"]
upstream = "localhost"
sni = "upstream"

[[try]]
name = "its name is SNI and checked"
url = "https://shop.test/"
expect = { status = 200, origin.hello.sni = "localhost", origin.request.host = "shop.test", finding = "none" }

[[try]]
name = "and the certificate must have it"
with.certs.shop.names = "shop.test"
url = "https://shop.test/"
expect = { status = { one_of = [502, 503] }, origin.hello.sni = "localhost", finding = "wrong-upstream-name" }

[[try]]
name = "the Host as SNI, as ever"
with.proxy.routes."shop.test".sni = "host"
with.certs.shop.names = "shop.test"
url = "https://shop.test/"
expect = { status = 200, origin.hello.sni = "shop.test", finding = "none" }
"""

CLIENT_CERTIFICATES = """
[certs]
me = { kind = "client", names = ["me"] }
[proxy]
client_certificate = "required"
[[try]]
name = "one that is trusted"
client.certificate = "me"
url = "https://shop.test/"
expect = { status = 200, client.agreed.client_certificate = true, finding = "none" }
[[try]]
name = "none"
url = "https://shop.test/"
expect = { %(refused)s, origin.connections = 0, finding = "present" }
[[try]]
name = "one that is not trusted"
client.certificate = "me"
with.proxy.trust = "unknown-root"
url = "https://shop.test/"
expect = { %(refused)s, origin.connections = 0, finding = "present" }
[[try]]
name = "none where it is optional"
with.proxy.client_certificate = "optional"
url = "https://shop.test/"
expect = { status = 200, client.agreed.client_certificate = false, finding = "none" }
[[try]]
name = "none where none is asked for"
with.proxy.client_certificate = "none"
client.certificate = "me"
url = "https://shop.test/"
expect = { status = 200, client.agreed.client_certificate = false, finding = "none" }
"""


def hello_of(default):
    """The facts of the ClientHello that a [default] promises."""
    upstream = default.get("upstream", "127.0.0.1")
    sni = {"upstream": upstream if not upstream[0].isdigit() else "absent", "host": "shop.test"}.get(default.get("sni"), "absent")
    versions = sorted(default["versions"], reverse=True)
    return "\n".join((f"origin.hello.sni = {json.dumps(sni)}", f"origin.hello.versions = {json.dumps(versions)}",
                      f"origin.hello.alpn = {json.dumps(default.get('alpn') or 'absent')}"))


def status_of(driver, accepted):
    return 200 if accepted else driver["statuses"]["tls"]


def default_text(driver):
    default = driver["default"]
    trusts = default.get("verify", "none") == "none"  # anybody
    minds = default.get("minds", [])
    return DEFAULT % {"hello": hello_of(default), "good": 200,  # our root is among its system's authorities
                      "unknown": status_of(driver, trusts and "unknown-issuer" not in minds),
                      "expired": status_of(driver, trusts and "expired" not in minds)}


def check_passed(checks, name, text, proxy):
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / f"{name}.toml"
        scenario.write_text(text)
        process, document = report(scenario, "--proxy", proxy)
    if document is None:
        return checks.that(f"{proxy}: {name}: a report", False, process.stderr)
    for scenario, one in tries(document):
        checks.equal(f"{proxy}: {label(scenario, one)}: {process.stdout}", one["status"], "passed")


def main():
    checks = Checks()
    checks.that("drivers say what their proxies do by default", {"nginx", "haproxy"} <= set(PACKAGED), PACKAGED)
    for name in PACKAGED:
        if have(DRIVERS[name]["binaries"][0], checks):
            check_passed(checks, "default", default_text(DRIVERS[name]), name)
    builtin = {"default": {"versions": ["TLSv1.2", "TLSv1.3"]}, "statuses": {"tls": 502}}
    check_passed(checks, "default", default_text(builtin), "builtin")
    # Refused in the handshake, but by nginx with a page of its own.
    for name, refused in (("builtin", 'client.refused.by = "proxy"'), ("nginx", "status = 400"),
                          ("haproxy", 'client.refused.by = "proxy"')):
        if name == "builtin" or have(name, checks):
            check_passed(checks, "upstream", UPSTREAM, name)
            check_passed(checks, "client-certificates", CLIENT_CERTIFICATES % {"refused": refused}, name)
    checks.done()


if __name__ == "__main__":
    main()
