"""What the product foretells of random hellos is what the servers do: each endpoint is surveyed by `bothends probe`, 500
seeded hellos are sent for real, and the predictions (tests/support/foretell.cpp) must all be equal: version, suite,
group, scheme, protocol and certificate, or the alert.
    predictor_test.py [ENDPOINT…]"""
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from endpoints import ENDPOINTS, needed
from harness import ROOT, Checks, bothends, have
from hellos import SHARED, TLS13
from random_hellos import COUNT, random_hellos, record_answers

FORETELL = Path(os.environ.get("FORETELL", ROOT / "build/tests/cli/foretell"))
# Endpoint -> the row of src/policy/manners.cpp that the probe must find.
LIKE = {"nginx-modern": "openssl-3.0", "nginx-broad": "openssl-3.0", "own-openssl": "openssl", "own-mbedtls": "mbedtls",
        "haproxy": "haproxy", "apache": "openssl-3.0", "nss": "nss", "gnutls": "gnutls"}
MOST_UNKNOWN = COUNT // 50


def surveyed(endpoint, file):
    """The likeness that was found; the document is in the file."""
    process = bothends("probe", endpoint.address, "--sni", endpoint.sni, "--json", file, timeout=120)
    if not file.exists():
        raise RuntimeError(f"{endpoint.name}: no document: {process.stderr}")
    return json.loads(file.read_text())["likeness"]


def foretold(file, hellos):
    lines = "".join(hello.octets().hex() + "\n" for hello in hellos)
    process = subprocess.run([FORETELL, file], input=lines, capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in process.stdout.splitlines()]


def answers_of(endpoint, hellos):
    """The answer to each hello, and that to the same hello with the share that was asked for, where one was."""
    at_once = min(endpoint.at_once, 8)
    answers = record_answers(endpoint.port, hellos, at_once)
    retried = [at for at, answer in enumerate(answers) if answer.retry]
    again = record_answers(endpoint.port, [replace(hellos[at], shares=(answers[at].group,)) for at in retried], at_once)
    return answers, dict(zip(retried, again))


def is_sealed(answer):
    """TLS 1.3 with a key exchange whose secret the test cannot have: what follows the ServerHello is not readable."""
    return answer.version == TLS13 and answer.group not in SHARED


def is_refusal(answer, alert):
    """Refused outright, or objected to after the ServerHello, or silently (None)."""
    if answer.kind == "refused" or (answer.kind == "accepted" and answer.alert is not None):
        return answer.alert == alert
    if answer.how not in ("eof", "reset"):  # with "accepted" these say that it broke off in the middle
        return False
    if alert is None:
        return True
    # A sealed alert is a record far shorter than any certificate.
    return answer.kind == "accepted" and is_sealed(answer) and answer.later < 100


def is_agreement(answer, said):
    if answer.kind != "accepted" or answer.alert is not None:
        return False
    if [answer.version, answer.suite, answer.group] != [said["version"], said["suite"], said["group"]]:
        return False
    return is_sealed(answer) or [answer.scheme, answer.alpn, answer.leaf] == [said["scheme"], said["alpn"], said["leaf"]]


def is_equal(said, answer, again):
    """A retry is only half an answer: what is foretold must hold for the other half too."""
    if said["kind"] == "refused":
        return is_refusal(again or answer, said["alert"])
    return said["retry"] == answer.retry and is_agreement(again or answer, said)


def show(hello, said, answer, again):
    brief = [one.brief() for one in (answer, again) if one]
    return f"{hello}\n    foretold {said}\n    seen {brief}"


def hold(checks, name):
    hellos = random_hellos()
    with ENDPOINTS[name]() as endpoint, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "snapshot.json"
        likeness = surveyed(endpoint, file)
        told = foretold(file, hellos)
        answers, again = answers_of(endpoint, hellos)
    unequal, kinds, unknown = [], Counter(answer.kind for answer in answers), 0
    for at, (said, answer) in enumerate(zip(told, answers, strict=True)):
        if said["kind"] == "unknown":
            unknown += 1
        elif not is_equal(said, answer, again.get(at)):
            unequal.append(show(hellos[at], said, answer, again.get(at)))
    print(f"{name}: like {likeness}; {len(hellos) - unknown - len(unequal)} of {len(hellos)} equal, {unknown} not foretold, "
          f"{kinds['accepted']} accepted, {len(again)} after a retry")
    checks.equal(f"{name}: its manners", likeness["stack"], LIKE[name])
    checks.that(f"{name}: what is foretold is what happens", not unequal, "\n".join(unequal[:10]))
    checks.that(f"{name}: next to nothing is not foretold", unknown < MOST_UNKNOWN, str(unknown))
    checks.that(f"{name}: the hellos are accepted and refused", min(kinds["accepted"], kinds["refused"]) > 50, str(kinds))


def main():
    checks = Checks()
    for name in sys.argv[1:] or LIKE:
        program = needed(name)
        if program is None or have(program, checks):
            hold(checks, name)
    checks.done()


if __name__ == "__main__":
    main()
