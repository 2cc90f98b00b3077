"""Turns names.csv into the C++ table behind known_name() and code_of(): python3 names.py names.csv OUT.cpp"""

import csv
import sys

REGISTRIES = ["version", "suite", "group", "signature_scheme", "extension", "alert", "handshake_type", "content_type"]


def read(path):
    """registry -> [(code, name, aliases)]; complains about anything ambiguous."""
    table = {registry: [] for registry in REGISTRIES}
    seen = set()
    with open(path, newline="", encoding="ascii") as file:
        for row in csv.DictReader(file):
            aliases = row["aliases"].split(";") if row["aliases"] else []
            keys = [int(row["code"], 16)] + [name.lower() for name in [row["name"], *aliases]]
            for key in keys:
                if (row["registry"], key) in seen:
                    sys.exit(f"{path}: {row['registry']} has {key} twice")
                seen.add((row["registry"], key))
            table[row["registry"]].append((keys[0], row["name"], keys[1:]))
            if row["registry"] == "suite" and aliases and not aliases[0].startswith("TLS"):
                table.setdefault("openssl", []).append((keys[0], aliases[0], []))
    return table


def array(name, pairs):
    lines = "".join(f'    {{0x{code:04x}, "{text}"}},\n' for code, text in pairs)
    return f"constexpr NamedCode {name}[] = {{\n{lines}}};\n"


def generate(table):
    out = ['#include "wire/name_table.hpp"\n\nnamespace bothends::wire {\nnamespace {\n']
    openssl = array("openssl_suites", sorted((code, name) for code, name, _ in table.pop("openssl")))
    for registry, rows in table.items():
        out.append(array(f"{registry}_by_code", sorted((code, name) for code, name, _ in rows)))
        words = [(word, code) for code, _, keys in rows for word in keys]
        out.append(array(f"{registry}_by_name", [(code, word) for word, code in sorted(words)]))
    out.append(openssl + "}  // namespace\n")
    out.append("\nstd::span<const NamedCode> openssl_suites_by_code() { return openssl_suites; }\n")
    for order in ["by_code", "by_name"]:
        cases = "".join(f"    case Registry::{registry}: return {registry}_{order};\n" for registry in table)
        out.append(f"\nstd::span<const NamedCode> names_{order}(Registry registry) {{\n")
        out.append(f"  switch (registry) {{\n{cases}  }}\n  return {{}};\n}}\n")
    out.append("\n}  // namespace bothends::wire\n")
    return "".join(out)


if __name__ == "__main__":
    text = generate(read(sys.argv[1]))
    with open(sys.argv[2], "w", encoding="ascii") as output:
        output.write(text)
