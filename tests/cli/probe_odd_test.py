"""Endpoints that mislead scanners: a limit, unequal servers behind one address, strict names, client certificates. The
report is right or says what is unknown; nothing false, nothing merged."""
import time

from endpoints import NAME, OTHER, Endpoint, haproxy, haproxy_limited, haproxy_required, nginx_strict, pool
from harness import Checks, have
from hellos import VERSIONS
from surveyed import REGISTRY, codes, differences, probe, survey_of, surveyed, unknown_of, version_of
from truth import truth


def parts_of(entry):
    """{"suites": …, "groups": …, "schemes": …} of one version, of a survey or of a pool's member."""
    found = version_of(entry)
    return {key: getattr(found, key) for key in REGISTRY}


def entry_of(document, version):
    return next((entry for entry in survey_of(document)["versions"] if codes("version", [entry["version"]]) == {version}), {})


def limited(checks):
    """What the limited endpoint accepts is what the same one without a limit accepts."""
    with haproxy() as free:
        true = truth(free.port, free.sni)
    with haproxy_limited() as endpoint:
        process, document = probe(endpoint, timeout=280)
    if not document:
        return checks.that("limited: a document", False, process.stderr)
    found, complete = surveyed(document), not survey_of(document).get("unknown")
    for version in VERSIONS:
        unknown = unknown_of(entry_of(document, version))
        said_unknown = entry_of(document, version).get("spoken") == "unknown"
        for key in REGISTRY:
            here, there = getattr(found[version], key), getattr(true[version], key)
            checks.that(f"limited: {version:#x} {key}: nothing false", here <= there, here - there)
            left = there - here - unknown[key]
            checks.that(f"limited: {version:#x} {key}: what is missing is said to be unknown",
                        not left or (said_unknown or not complete and not here), left)
    if complete:
        checks.equal("limited: a complete survey is the truth", list(differences(found, true)), [])


def pools(checks, same_leaf, pick):
    label = f"pool ({'same leaf' if same_leaf else 'two leaves'}, {pick})"
    with pool(same_leaf=same_leaf, pick=pick) as endpoint:
        true = [truth(member.port) for member in endpoint.relay.members]
        process, document = probe(endpoint)
    if not document:
        return checks.that(f"{label}: a document", False, process.stderr)
    survey = survey_of(document)
    members = survey.get("members") or []
    if same_leaf and len(members) < 2:
        checks.that(f"{label}: not told apart, so it is not complete", survey.get("unknown"), survey.get("versions"))
        return
    checks.equal(f"{label}: two members", len(members), 2)
    for at, member in enumerate(members):
        fits = [one for one in true if all(
            parts_of(entry)[key] <= getattr(one[version], key)
            for entry in member["versions"] for version in codes("version", [entry["version"]]) for key in REGISTRY)]
        checks.that(f"{label}: member {at} has nothing of the other's", fits, member)


def strict(checks):
    with nginx_strict() as endpoint:
        known, unknown = probe(endpoint), probe(Endpoint("unknown", endpoint.port, "unknown.test"))
        other, true = probe(Endpoint("other", endpoint.port, OTHER)), truth(endpoint.port, OTHER)
    for (process, document), label in ((known, NAME), (unknown, "unknown.test"), (other, OTHER)):
        checks.that(f"strict: {label}: a document", document, process.stderr)
    if not (known[1] and unknown[1] and other[1]):
        return
    checks.equal("strict: the other name has the other leaf", list(differences(surveyed(other[1]), true)), [])
    checks.that("strict: an unknown name is refused, and that is not: no TLS", not survey_of(unknown[1]).get("foreign") and
                "unrecognized_name" in str(survey_of(unknown[1])["unknown"]), unknown[0].stdout)


def required(checks):
    with haproxy_required() as endpoint:
        _, document = probe(endpoint)
    checks.that("required: a document", document)
    for key in ("certificate_asked", "certificate_required"):
        checks.equal(f"required: {key}", document and survey_of(document)[key], "yes")


def main():
    checks = Checks()
    if have("haproxy", checks):
        begin = time.monotonic()
        limited(checks)
        required(checks)
        print(f"limited and required: {time.monotonic() - begin:.0f} s")
    if have("nginx", checks):
        for same_leaf in (False, True):
            for pick in ("alternate", "random"):
                pools(checks, same_leaf, pick)
        strict(checks)
    checks.done()


if __name__ == "__main__":
    main()
