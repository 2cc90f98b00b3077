"""docs/ tells what is so: its examples run, its tables hold every key, word and fact that the schema has and no other,
every cause has its page, which is what `bothends explain` prints, and links lead somewhere.

With --write, docs/faults.md gets its tables from src/run/faults.toml, docs/policies.md from src/run/policies.toml, and
docs/probe.md the survey of a server of ours."""
import json
import re
import sys
import tempfile
import tomllib
from pathlib import Path

from endpoints import leaves, nginx, server
from harness import ROOT, Checks, bothends, have

SCHEMA = json.loads((ROOT / "schema/scenario.schema.json").read_text())
TEXT = (ROOT / "docs/scenarios.md").read_text()
# Heading -> the table of the schema.
TABLES = {
    "The file": SCHEMA, "[certs]": "recipe", "[origin.NAME]": "origin", "[proxy]": "proxy",
    '[proxy.routes."MATCH"]': "route", "[client]": "client", "[[try]]": "try",
    "[fault]": "fault",
}
TLS = {"versions", "suites", "groups", "signature_schemes", "alpn"}
# First cell of a table's head -> the closed list that the table explains.
LISTS = {
    "kind": "recipe/properties/kind", "speaks": "origin/properties/speaks", "problem": "defect", "ending": "ending_fact/anyOf/0",
    "stage": "stage_fact/anyOf/0", "fault": "fault_fact/anyOf/0",
}
CATALOGUE = ROOT / "src/run/faults.toml"
FAULTS = tomllib.loads(CATALOGUE.read_text())
FAULTS_PAGE = ROOT / "docs/faults.md"
POLICIES = tomllib.loads((ROOT / "src/run/policies.toml").read_text())
POLICIES_PAGE = ROOT / "docs/policies.md"
PROBE_PAGE = ROOT / "docs/probe.md"
PAGE_SECTIONS = ["## What it looks like", "## Why", "## How to fix", "## Provoke it"]


def definition(path):
    node = SCHEMA["definitions"]
    for step in path.split("/"):
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


def resolved(node):
    while "$ref" in node:
        node = definition(node["$ref"].removeprefix("#/definitions/"))
    return node


def sections(text):
    """Heading -> what stands below it, up to the next heading."""
    parts = re.split(r"^#+ (.*)\n", re.sub(r"```.*?```", "", text, flags=re.S), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def tables(text):
    """(first cell of the head, names in the first cells) of every table."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        head, _, *rows = [row.split(" | ")[0].strip("| ") for row in table.splitlines()]
        yield head, [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def names_under(head, text):
    return [name for first, names in tables(text) if first == head for name in names]


def facts(node, name=""):
    """Every fact of the schema; header names as NAME."""
    node = resolved(node)
    if node.get("type") != "object":
        yield name
        return
    for key, value in node.get("properties", {}).items():
        yield from facts(value, f"{name}.{key}".strip("."))
    if isinstance(node["additionalProperties"], dict):
        yield name + ".NAME"


def check_keys(checks):
    for heading, table in TABLES.items():
        text = sections(TEXT).get(heading, "")
        keys = set((table if isinstance(table, dict) else definition(table))["properties"])
        told = names_under("key", text)
        checks.equal(f"{heading}: no key twice", len(told), len(set(told)))
        checks.equal(f"{heading}: the keys", set(told) | (TLS if "(#tls-settings)" in text else set()), keys)
    checks.equal("TLS settings: the keys", set(names_under("key", sections(TEXT)["TLS settings"])), TLS)
    for head, path in LISTS.items():
        checks.equal(f"the words of {head}", set(names_under(head, TEXT)), set(definition(path)["enum"]) - {"absent", "present"})
    told = {word for part in names_under("comparison", TEXT) for word in re.findall(r"\{ (\w+) =", part)}
    for compare in ("compare", "compare_list"):
        checks.equal("the comparisons", told, set(definition(compare)["properties"]))
    for path in ("recipe/properties/key", "stack", "verify", "origin/properties/client_certificate"):
        for word in definition(path)["enum"]:
            checks.that(f"{word} of {path} is mentioned", f'`"{word}"`' in TEXT, path)


def check_facts(checks):
    every = set(facts(definition("expect")))
    told = names_under("fact", TEXT)
    of_a_leg = names_under("fact of a leg", TEXT)
    checks.equal("the facts", set(told) | {f"{leg}.{name}" for leg in ("client", "origin") for name in of_a_leg}, every)
    checks.equal("no fact twice", len(told) + len(of_a_leg), len(set(told)) + len(set(of_a_leg)))


def check_examples(checks):
    ran = 0
    for file in sorted((ROOT / "docs").glob("*.md")):
        for number, text in enumerate(re.findall(r"^```toml\n(.*?)^```", file.read_text(), re.S | re.M), 1):
            if "[[try]]" not in text:
                continue
            with tempfile.TemporaryDirectory() as folder:
                ran += 1
                scenario = Path(folder) / "example.toml"
                scenario.write_text(text)
                process = bothends("run", scenario, "--strict")
                checks.that(f"{file.name}: example {number}", process.returncode == 0, process.stdout + process.stderr)
    checks.that("there are examples", ran > 3)


def page_problems(file, title, scenarios, faults):
    """What is wrong with the page of a cause; `scenarios`: file name -> the findings that it expects; `faults`: by leg."""
    lines = file.read_text().splitlines()
    if lines[:3] != [f"# {file.stem}", "", title]:
        yield f"it begins with {lines[:3]}, not with its id and the title of the table"
    headings = [line for line in lines if line.startswith("## ")]
    if headings != PAGE_SECTIONS:
        yield f"its sections are {headings}"
    if not 20 <= len(lines) <= 50 + sum(line.startswith("|") for line in lines):
        yield f"it has {len(lines)} lines"
    if lines.count("<!-- measured -->") != 1 or lines.count("<!-- /measured -->") != 1:
        yield "it has no block of what was measured"
    for scenario in re.findall(r"bothends run (\S+\.toml)", file.read_text()):
        if file.stem not in scenarios.get(scenario, []):
            yield f"{scenario} does not expect the finding {file.stem}"
    for leg, word in re.findall(r'`(origin|client) = "([^"]+)"`', file.read_text()):
        fault = faults[leg].get(re.sub(r"^alert-\d+$", "alert-N", word), {"causes": []})
        if file.stem not in fault["causes"]:
            yield f"the fault {leg} = {word} is not said to cause {file.stem}"


def expected_findings(file):
    said = re.findall(r'finding = (\{[^}]*\}|".*?")', file.read_text())
    return re.findall(r'"([^"]+)"', " ".join(said))


def check_causes(checks):
    table = dict(re.findall(r"^(\S+)  +(\S.*)$", bothends("explain").stdout, re.M))
    checks.equal("the ids are those of the schema", {"none", *table}, set(definition("cause")["enum"]))
    index = re.findall(r"^\| \[(\S+)\]\(causes/(\S+)\.md\) \| (.*) \|$", (ROOT / "docs/causes.md").read_text(), re.M)
    checks.equal("docs/causes.md lists every cause in order", index, [(one, one, title) for one, title in table.items()])
    pages = {file.stem: file for file in (ROOT / "docs/causes").iterdir()}
    checks.equal("docs/causes: one page for each cause", set(pages), set(table))
    scenarios = {f"scenarios/{file.name}": expected_findings(file) for file in (ROOT / "scenarios").glob("*.toml")}
    for one, file in pages.items():
        checks.equal(f"docs/causes/{one}.md", list(page_problems(file, table.get(one), scenarios, FAULTS)), [])
    # A cause that a scenario provokes is shown by one.
    provoked = {finding for findings in scenarios.values() for finding in findings} - {"none"}
    for one in sorted(provoked):
        checks.that(f"docs/causes/{one}.md names a scenario", "bothends run scenarios/" in pages[one].read_text())


def check_printed_pages(checks):
    words = lambda text: re.sub(r"[^a-z0-9]+", " ", re.sub(r"<!--.*?-->|\]\([^)]*\)", "", text).lower()).split()
    for file in sorted((ROOT / "docs/causes").iterdir()):
        process = bothends("explain", file.stem)
        checks.equal(f"explain {file.stem}: exit", process.returncode, 0)
        checks.equal(f"explain {file.stem} says what its page says", words(process.stdout), words(file.read_text()))
        checks.that(f"explain {file.stem}: no marks of Markdown", not re.search(r"`|<!--|^#|\]\(", process.stdout, re.M),
                    process.stdout)
        checks.that(f"explain {file.stem}: no line is wider than 100",
                    all(len(line) <= 100 or line.startswith(("|", "    ")) for line in process.stdout.splitlines()),
                    process.stdout)


def fault_tables():
    """The catalogue as the page shows it: a section a leg, a table for each of the groups that the catalogue's comments make."""
    legs = set()
    for line in CATALOGUE.read_text().splitlines():
        if group := re.match(r"# -+ (\w+) leg: (.*)", line):
            leg, about = group.groups()
            if leg not in legs:
                yield f"\n## The {leg} leg\n"
                legs.add(leg)
            yield f"\n### {about[0].upper()}{about[1:]}\n\n| fault | the {leg} | is diagnosed as |\n|---|---|---|\n"
        elif name := re.match(r'\[(\w+)\."?([^"\]]+)"?\]', line):
            leg, word = name.groups()
            one = FAULTS[leg][word]
            causes = ", ".join(f"[{cause}](causes/{cause}.md)" for cause in one["causes"])
            yield f"| `{word}` | {one['about']} | {causes} |\n"


def with_fault_tables():
    """docs/faults.md as it should be."""
    before, mark, rest = FAULTS_PAGE.read_text().partition("<!-- faults -->\n")
    return before + mark + "".join(fault_tables()) + "\n<!-- /faults -->" + rest.partition("<!-- /faults -->")[2]


def check_faults(checks):
    checks.that("docs/faults.md is made from the catalogue (tests/cli/docs_test.py --write)",
                FAULTS_PAGE.read_text() == with_fault_tables())
    causes = set(definition("cause")["enum"])
    for leg, faults in FAULTS.items():
        words = definition(f"fault/properties/{leg}/anyOf/0")["enum"]
        checks.equal(f"the schema's faults of the {leg} leg are those of the catalogue", words,
                     ["none", *(word for word in faults if word != "alert-N")])
        told = re.findall(rf"## The {leg} leg\n(.*?)(?:\n## |<!-- /)", FAULTS_PAGE.read_text(), re.S)
        checks.equal(f"docs/faults.md lists them once each, {leg}", names_under("fault", told[0] if told else ""), list(faults))
        for word, one in faults.items():
            checks.that(f"{leg} {word} has causes", one["causes"] and set(one["causes"]) <= causes, one)


def policy_rows():
    for one in POLICIES["policy"]:
        aliases = [f"`{name}`" for name in one.get("aliases", [])] + [f"[`{name}`]" for name in one.get("uncertain_aliases", [])]
        sources = "; ".join(POLICIES["source"][name]["title"] for name in one["source"])
        status = one["status"] + ("" if one.get("complete", True) else ", in part")
        yield f"| `{one['id']}` | {', '.join(aliases)} | {one['vendor']} | {one['leg']} | {status} | {sources} |\n"


def with_policy_table():
    """docs/policies.md as it should be."""
    before, mark, rest = POLICIES_PAGE.read_text().partition("<!-- policies -->\n")
    head = "\n| policy | or | of | leg | status | source |\n|---|---|---|---|---|---|\n"
    return before + mark + head + "".join(policy_rows()) + "\n<!-- /policies -->" + rest.partition("<!-- /policies -->")[2]


def check_policies(checks):
    checks.that("docs/policies.md is made from policies.toml (tests/cli/docs_test.py --write)",
                POLICIES_PAGE.read_text() == with_policy_table())
    shown = tomllib.loads(re.search(r"^```toml\n(.*?)^```", POLICIES_PAGE.read_text(), re.S | re.M)[1])
    keys = {*shown, *shown["certificate"]}
    told = names_under("key", POLICIES_PAGE.read_text())
    checks.equal("docs/policies.md: the example has every key of the table but one", set(told) - keys, {"complete"})
    checks.equal("docs/policies.md: the table has every key of the example, once", sorted(told), sorted(keys | {"complete"}))


def probe_example():
    """The command that docs/probe.md shows, run against the server that it is about; as it would be on the page."""
    command = re.search(r"^\$ bothends (probe .*)$", PROBE_PAGE.read_text(), re.M)[1]
    made = leaves("ecdsa_p256")
    words = ("ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA; "
             "ssl_ecdh_curve X25519:P-256; ")
    with nginx("documented", server(made, words), made) as endpoint:
        real = command.replace("127.0.0.1:8443", endpoint.address).replace("root.pem", str(endpoint.root))
        printed = bothends(*real.split()).stdout
    return printed.replace(endpoint.address, "127.0.0.1:8443").replace(str(endpoint.root), "root.pem")


def what_stays(text):
    """The words of a survey without dates, times and numbers of questions, in any order: which answer comes first is luck.
    Certificates that we make are valid for 30 days, and from 29 on that is remarked."""
    text = re.sub(r".* expires in .*\n", "", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    return sorted(re.sub(r"\b\d+(\.\d+)? (days|ms|questions|connections)", r"N \2", text).split())


def check_probe(checks):
    if not have("nginx", checks):
        return
    shown = re.search(r"^\$ bothends probe [^\n]*\n(.*?)^```", PROBE_PAGE.read_text(), re.S | re.M)[1]
    checks.equal("docs/probe.md: the survey is what is printed", what_stays(probe_example()), what_stays(shown))
    help_text = bothends("probe", "--help").stdout
    page = PROBE_PAGE.read_text()
    for option in re.findall(r"--[a-z-]+", help_text):
        if option not in ("--help", "--color", "--quiet", "--verbose", "--file"):
            checks.that(f"docs/probe.md tells of {option}", option in page)
    for option in set(re.findall(r"`(--[a-z-]+)", page)) - {"--against"}:
        checks.that(f"docs/probe.md: {option} is there", option in help_text)
    for option, default in re.findall(r"^\| `(--[a-z-]+) \w+` \| (\d+s?) \|", page, re.M):
        checks.that(f"docs/probe.md: the default of {option}", re.search(rf"{option} .*={default}\b", help_text), help_text)


def anchors(file):
    text = re.sub(r"```.*?```", "", file.read_text(), flags=re.S)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.M)}


def check_links(checks):
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\(([^)]+)\)", re.sub(r"```.*?```", "", file.read_text(), flags=re.S)):
            path, _, anchor = link.partition("#")
            if "://" in link:
                continue
            target = (file.parent / path).resolve() if path else file
            checks.that(f"{file.name}: {link}", target.exists() and (not anchor or anchor in anchors(target)))


def main():
    if sys.argv[1:] == ["--write"]:
        FAULTS_PAGE.write_text(with_fault_tables())
        POLICIES_PAGE.write_text(with_policy_table())
        page = re.sub(r"^(\$ bothends probe [^\n]*\n).*?^```", lambda found: found[1] + probe_example().rstrip() + "\n```", PROBE_PAGE.read_text(),
                      flags=re.S | re.M)
        PROBE_PAGE.write_text(page)
        return
    checks = Checks()
    check_examples(checks)
    check_keys(checks)
    check_facts(checks)
    check_causes(checks)
    check_faults(checks)
    check_policies(checks)
    check_probe(checks)
    check_printed_pages(checks)
    check_links(checks)
    checks.done()


if __name__ == "__main__":
    main()
