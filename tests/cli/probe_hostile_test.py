"""Hostile servers end a survey within its time, never its process, and are never said to accept anything.
    probe_hostile_test.py [KIND…]"""
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from endpoints import Endpoint
from harness import PROGRAM, Checks
from hostile import HOSTILE
from surveyed import probe, survey_of, surveyed

TIMEOUT, WHOLE, SLACK = 3, 30, 20  # seconds for one question, for the survey, and besides on a slow machine
MEMORY = 128 << 20
CHAINS = 32
MAY_ACCEPT = {"long-chain", "new-leaf", "retry-loop", "endless-application-data", "half-a-flight"}  # there was a ServerHello


def classified(document):
    """It says something of the failure: a sentence of what is unknown, what foreign protocol it was, or an error."""
    survey = survey_of(document)
    return bool(survey["unknown"] or survey["foreign"] or document["error"] or
                any(entry["alert"] is not None for entry in survey["versions"]))


def check(checks, kind):
    with HOSTILE[kind]() as server:
        begin = time.monotonic()
        process, document = probe(Endpoint(kind, server.port), "--question-timeout", f"{TIMEOUT}s", "--timeout",
                                  f"{WHOLE}s", timeout=WHOLE * 3 + SLACK)
        took = time.monotonic() - begin
        shown = (process.stdout + process.stderr)[-2000:]
        checks.that(f"{kind}: an exit code of the contract", process.returncode in (0, 1, 2), f"{process.returncode}\n{shown}")
        checks.that(f"{kind}: ends within its time", took < WHOLE + SLACK, f"{took:.1f} s, {server.count} connections")
        if not document:
            return checks.that(f"{kind}: a document is written", False, shown)
        checks.that(f"{kind}: not more chains than anybody reads", len(document["chains"]) <= CHAINS, len(document["chains"]))
        checks.that(f"{kind}: the answer is classified", kind in MAY_ACCEPT or kind.startswith("mutated") or
                    classified(document), survey_of(document))
        if kind not in MAY_ACCEPT and not kind.startswith("mutated"):
            spoken = [version for version, one in surveyed(document).items() if one.spoken]
            checks.equal(f"{kind}: nothing is said to be accepted", spoken, [])


def main():
    checks = Checks()
    with ThreadPoolExecutor(4) as side_by_side:
        list(side_by_side.map(lambda kind: check(checks, kind), sys.argv[1:] or HOSTILE))
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    if "asan" not in str(PROGRAM):  # which keeps what was freed
        checks.that("memory stays bounded", largest < MEMORY, f"{largest >> 20} MiB")
    checks.done()


if __name__ == "__main__":
    main()
