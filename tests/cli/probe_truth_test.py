"""A survey equals the truth, for every endpoint that we can start: the truth is found by one hello for every code, in
every version, by a prober that shares nothing with the product (truth.py).
    probe_truth_test.py [ENDPOINT…]"""
import sys

from endpoints import ENDPOINTS, needed
from harness import Checks, have
from surveyed import differences, probe, surveyed
from truth import TLS13, truth


def true_of(endpoint):
    found = truth(endpoint.port, endpoint.sni, endpoint.at_once)
    if found[TLS13].spoken and not found[TLS13].leaves:  # sealed by a key exchange that the truth cannot compute
        found[TLS13].leaves = set(endpoint.leaves.values())
    return found


def compare(checks, name):
    with ENDPOINTS[name]() as endpoint:
        true = true_of(endpoint)
        process, document = probe(endpoint)
        if not document:
            checks.that(f"{name}: probe writes a document", False, process.stdout + process.stderr)
            return
        checks.equal(f"{name}: exit code", process.returncode, 0)
        wrong = list(differences(surveyed(document), true))
        checks.that(f"{name}: the survey is the truth", not wrong, "\n".join(wrong))


def main():
    checks = Checks()
    for name in sys.argv[1:] or ENDPOINTS:
        program = needed(name)
        if program is None or have(program, checks):
            compare(checks, name)
    checks.done()


if __name__ == "__main__":
    main()
