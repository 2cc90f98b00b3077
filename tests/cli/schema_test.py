"""schema/scenario.schema.json and the reader of scenario files say the same, asked of the program itself:

- the keys of every table are those that the program lists when it is given an unknown one,
- the words of every closed list are those that it lists when it is given a word that is none,
- whatever it accepts, the schema accepts; what it refuses for its type, the schema refuses.

No try is run: none has the name that is asked for."""
import json
import tempfile
import tomllib
from pathlib import Path

import jsonschema

from harness import ROOT, Checks, report

SCHEMA = json.loads((ROOT / "schema/scenario.schema.json").read_text())
NONSENSE = "zzzzzzzzzzzzzzzz"
# Values of every TOML type, as TOML and as what an editor's validator sees.
VALUES = ['"zz"', "7", "2048", "true", "1.5", '["zz"]', "[7]", "[]", "{}", "{ zz = 1 }"]
# For the texts among which "zz" is none.
EXAMPLES = ['"h2"', '"TLSv1.2"', '"secp256r1"', '"ed25519"', '"TLS_AES_128_GCM_SHA256"', '"root"', '"shop"', '"none"', '"2s"',
            '"-1d"', '"https://shop.test/"', '"127.0.0.1:443"', '"true"', '"present"', '["root"]', '["shop"]',
            '["TLSv1.2", "TLSv1.3"]', '{ one_of = ["none"] }', '{ differs = "none" }', '{ matches = 5 }', '{ equals = ["none"] }']
# How the program refuses what a schema can know of.
TYPE_ERRORS = ("; it must be", "there is no key", "nothing is known by", "no way to compare")
# The try comes last: what stands above it are tables.
BASE = """
[certs.shop]
[origin.shop]
[origin.other]
[proxy.routes."shop.test"]
to = "shop"
[[try]]
url = "https://shop.test/"
"""


class Node:
    """A place of the schema and the way to it; `path` as TOML writes it."""

    def __init__(self, path, schema):
        self.path, self.schema = path, resolved(schema)

    def alternatives(self):
        return [resolved(one) for one in self.schema.get("anyOf", [self.schema])]

    def tables(self):
        return [one for one in self.alternatives() if one.get("type") == "object"]

    def words(self):
        """Of a closed list: every word, but not true and false, for which TOML has a type."""
        lists = [one["enum"] for one in self.alternatives() if "enum" in one]
        closed = lists and not any(one.get("type") == "string" or "anyOf" in one for one in self.alternatives())
        return {word for words in lists for word in words} if closed else None


def resolved(schema):
    while "$ref" in schema:
        target = SCHEMA
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def children(node, sample):
    """`sample` is what a table of names has as an example: certs.shop, routes."shop.test", a header."""
    for table in node.tables():
        for key, schema in table.get("properties", {}).items():
            yield Node((*node.path, key), schema)
        if isinstance(table.get("additionalProperties"), dict):
            name = sample.get(node.path[-1], "x-y")
            yield Node((*node.path, name), table["additionalProperties"])


def below(node, stop=("compare", "compare_list")):
    sample = {"certs": "shop", "origin": "shop", "routes": '"shop.test"'}
    ends = [resolved(SCHEMA["definitions"][name]) for name in stop]
    yield node
    for child in children(node, sample):
        if node.path and any(table in ends for table in node.tables()):
            continue
        yield from below(child, stop)


def strict(schema, path="#"):
    """Tables that allow keys nobody has named."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties", True) is True:
            yield path
        for key, value in schema.items():
            yield from strict(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for at, value in enumerate(schema):
            yield from strict(value, f"{path}/{at}")


def with_value(path, value):
    """A scenario in which `path` has this value, the rest being good."""
    document = tomllib.loads(BASE)
    keys = [key.strip('"') for key in path]
    table = document["try"][0] if keys[0] == "try" else document
    keys = keys[1:] if keys[0] == "try" else keys
    for key in keys[:-1]:
        table = table.setdefault(key, {})
    table[keys[-1]] = tomllib.loads("value = " + value)["value"]
    return document


def toml(value):
    """JSON's scalars and lists are TOML's."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def written(document):
    return "".join(f"{key} = {toml(value)}\n" for key, value in document.items())


def answers(documents):
    """What the program says to each: its error, or None."""
    with tempfile.TemporaryDirectory() as folder:
        for number, document in enumerate(documents):
            (Path(folder) / f"{number:05}.toml").write_text(written(document))
        _, told = report(folder, "--name", NONSENSE)
    errors = {Path(one["file"]).stem: one["error"]["what"] for one in told["scenarios"]}
    return [errors.get(f"{number:05}") for number in range(len(documents))]


def listed(error):
    """The words after "it is one of"."""
    if not error or "it is one of " not in error or "…" in error:
        return None
    return {word.strip('"') for word in error.split("it is one of ")[1].split(", ")}


def check_keys(checks, nodes):
    tables = [(node, table) for node in nodes for table in node.tables() if table.get("additionalProperties") is False]
    tables = [(node, table) for node, table in tables if node.path[0] != "matrix" and node.path[:2] != ("try", "expect")]
    for (node, table), error in zip(tables, answers([with_value((*node.path, NONSENSE), "1") for node, _ in tables])):
        checks.equal(f"the keys of {'.'.join(node.path)}", set(table["properties"]), listed(error))
    for path in ((NONSENSE,), ("matrix", NONSENSE)):
        schema = SCHEMA if len(path) == 1 else resolved(SCHEMA["properties"]["matrix"])
        error, = answers([with_value(path, "[1]")])
        checks.equal(f"the keys of {path[:-1]}", set(schema["properties"]), listed(error))
    checks.that("tables were compared", len(tables) > 12, [node.path for node, _ in tables])


def check_repeated(checks, nodes):
    """`with` and [matrix] repeat the keys of what they change, also without a name: then for all of them."""
    found = {node.path: set(table["properties"]) for node in nodes for table in node.tables() if "properties" in table}
    groups = (("certs", "shop"), ("origin", "shop"), ("proxy", "routes", '"shop.test"'))
    for part in (*groups, ("proxy",), ("client",)):
        for start in (("matrix",), ("try", "with")):
            checks.equal(f"the keys of {'.'.join(start + part)}", found.get(start + part), found[part])
    for group in groups:
        # Below `with` a table is always something of that name.
        checks.equal(f"the keys of all {group[-2]}", found.get(("try", "with") + group[:-1]), found[group] - {"headers"})
        checks.equal(f"the values for all {group[-2]}", found.get(("matrix",) + group[:-1]), found[group])


def check_words(checks, nodes):
    closed = [node for node in nodes if node.words() and node.path[0] != "matrix"]
    for node, error in zip(closed, answers([with_value(node.path, f'"{NONSENSE}"') for node in closed])):
        name, words = ".".join(node.path), node.words()
        if name.endswith("like"):  # too many to be listed
            checks.equal(f"the words of {name}", words, profiles())
            continue
        if name.startswith("try.expect"):  # any fact may be absent or present, and true is no text
            words = {{True: "true", False: "false"}.get(word, word) for word in words} - {"absent", "present"}
        checks.equal(f"the words of {name}", words, listed(error))
    checks.that("words were compared", len(closed) > 20, len(closed))


def profiles():
    clients = tomllib.loads((ROOT / "src/run/clients.toml").read_text())["client"]
    return {one[key] for one in clients for key in ("id", "family")} | {""}


def says_nothing(path, value):
    """An empty table where a table is something of another name, or a dimension of no values."""
    return value == "{}" and (path[0] == "matrix" or path[-2] in ("certs", "origin", "routes"))


def check_values(checks, nodes, validator):
    cases = [(node, value) for node in nodes for value in VALUES + EXAMPLES
             if len(node.path) > 1 and not says_nothing(node.path, value)]
    cases += [(node, f"[{value}]") for node in nodes for value in EXAMPLES if node.path[0] == "matrix" and len(node.path) > 1]
    documents = [with_value(node.path, value) for node, value in cases]
    accepted = 0
    contradictions = {node.path: [] for node, _ in cases}
    for (node, value), document, error in zip(cases, documents, answers(documents)):
        valid = validator.is_valid(document)
        accepted += error is None
        if error is None and not valid:
            contradictions[node.path].append(f"{value}: accepted by the program, not by the schema")
        if error and valid and any(sign in error for sign in TYPE_ERRORS):
            contradictions[node.path].append(f"{value}: accepted by the schema, but {error}")
    for path, found in contradictions.items():
        checks.equal(f"{'.'.join(path)}: program and schema agree on its values", found, [])
    checks.that("some were accepted, some refused", 300 < accepted < len(cases) - 300, (accepted, len(cases)))


def check_shipped(checks, validator):
    for file in sorted((ROOT / "scenarios").rglob("*.toml")):
        problems = [error.message for error in validator.iter_errors(tomllib.loads(file.read_text()))]
        checks.equal(f"{file.name}: valid, unless it shows a mistake", bool(problems), file.stem == "unknown-key")
        if file.parent.name == "scenarios":
            checks.that(f"{file.name}: names the schema", file.read_text().startswith("#:schema ../schema/scenario.schema.json\n"))


def main():
    checks = Checks()
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft7Validator(SCHEMA)
    checks.equal("every table is strict", list(strict(SCHEMA)), [])
    nodes = []
    for part, schema in SCHEMA["properties"].items():
        schema = resolved(schema)
        nodes += list(below(Node((part,), schema.get("items", schema))))
    check_keys(checks, nodes)
    check_repeated(checks, nodes)
    check_words(checks, nodes)
    check_values(checks, nodes, validator)
    check_shipped(checks, validator)
    checks.done()


if __name__ == "__main__":
    main()
