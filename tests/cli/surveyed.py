"""`bothends probe` run by tests, and its JSON read into the shape of truth.Version: the one place that knows its keys."""
import functools
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

from harness import bothends
from hellos import VERSIONS, names
from truth import Version


def probe(endpoint, *more, timeout=120):
    """(process, document or None)"""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "probe.json"
        try:
            process = bothends("probe", endpoint.address, "--sni", endpoint.sni, "--json", file, *more, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(late.cmd, None, "", f"did not end within {timeout} s"), None
        return process, json.loads(file.read_text()) if file.exists() else None


@functools.cache
def by_name(registry):
    return {name: code for code, name in names(registry).items()}


def code(registry, value):
    """Of a name, "0x1301", a number, or an object that has one of them."""
    if isinstance(value, dict):
        value = value.get("code", value.get("name"))
    if isinstance(value, int):
        return value
    return int(value, 16) if value.startswith("0x") else by_name(registry)[value]


def codes(registry, values):
    return {code(registry, value) for value in values or ()}


def survey_of(document):
    return document["survey"]


def version_of(entry):
    found = Version()
    if entry.get("spoken") in (True, "yes"):
        found.suites = codes("suite", entry.get("suites"))
        found.groups = codes("group", entry.get("groups"))
        found.schemes = codes("signature_scheme", entry.get("schemes"))
    return found


def unknown_of(entry):
    return {key: codes(registry, entry.get(f"unknown_{key}"))
            for key, registry in (("suites", "suite"), ("groups", "group"), ("schemes", "signature_scheme"))}


def surveyed(document):
    """{version: Version}, as truth() gives it."""
    survey = survey_of(document)
    found = {version: Version() for version in VERSIONS}
    for entry in survey["versions"]:
        found[code("version", entry["version"])] = version_of(entry)
    for presented in survey["presented"]:
        leaf = hashlib.sha256(bytes.fromhex(presented["chain"][0])).hexdigest()
        for version in codes("version", presented["versions"]):
            found[version].leaves.add(leaf)
    return found


def said(registry, values):
    return " ".join(names(registry).get(value, hex(value)) for value in sorted(values)) or "none"


REGISTRY = {"suites": "suite", "groups": "group", "schemes": "signature_scheme"}


def differences(found, true):
    """One sentence for everything that the survey says and the truth does not, or the other way round."""
    for version in VERSIONS:
        label, here, there = names("version")[version], found[version], true[version]
        if here.spoken != there.spoken:
            yield f"{label}: surveyed {'spoken' if here.spoken else 'not spoken'}, in truth it is {'' if there.spoken else 'not'}"
            continue
        for key, registry in REGISTRY.items():
            mine, theirs = getattr(here, key), getattr(there, key)
            if mine - theirs:
                yield f"{label}: {key} that are not there: {said(registry, mine - theirs)}"
            if theirs - mine:
                yield f"{label}: {key} not found: {said(registry, theirs - mine)}"
        if here.leaves != there.leaves:
            yield f"{label}: leaves {sorted(here.leaves)}, in truth {sorted(there.leaves)}"
