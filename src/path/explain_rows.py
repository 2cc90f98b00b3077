"""Turns explain_codes.csv and explain_texts.csv into the tables behind explain(): explain_rows.py CODES TEXTS OUT.cpp"""

import csv
import sys

PREFIX = {"alert": "alert {number}, {name}: ", "openssl": "OpenSSL's {name}: ", "boringssl": "BoringSSL's {name}: ",
          "x509": "verify error {number}, {name}: ", "mbedtls": "mbedTLS's {name}: ", "flag": "",
          "windows": "{name}: ", "status": "status {number}: "}
# The ways in which people and libraries put the name of an alert; {0} with underscores, {1} with blanks, {2} in one.
ALERT = ["alert {0}", "alert: {0}", "alert_{0}", "{0}_alert", "^{0}$", "description: {1}", "alert: {1}", "alert: {2}", "^{1}$"]


def rows(path):
    with open(path, newline="", encoding="ascii") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            if None in row or None in row.values() or not 1 <= int(row["strength"]) <= 10:
                sys.exit(f"{path}:{number}: a column is missing, or there is one too many")
            if row["by"] not in ("", "any", "client", "server"):
                sys.exit(f"{path}:{number}: by is client, server or any")
            yield row


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'


def patterns(row):
    """Texts that stand for a code, besides its number."""
    words = [word for word in row["words"].split("|") if word]
    if row["registry"] == "alert":
        name = row["name"]
        words += [form.format(name, name.replace("_", " "), name.replace("_", "")) for form in ALERT]
    if row["registry"] == "x509":
        words.append("x509_v_err_" + row["name"])
    return words


def generate(codes, texts):
    seen = {}
    code_lines, text_lines = [], []
    for row in codes:
        says = PREFIX[row["registry"]].format(**row) + row["says"]
        code_lines.append(f'    {{{quoted(row["registry"])}, {row["number"]}, Peer::{row["by"]}, {row["strength"]}, '
                          f'{quoted(row["causes"])}, {quoted(says)}, {quoted(row["status"])}}},\n')
        for word in patterns(row):
            means = f'@{row["registry"]}:{int(row["number"], 0)}'
            if seen.setdefault(word.lower(), means) == means and (word, means) not in seen:
                seen[(word, means)] = True
                texts.append({"pattern": word, "leg": "", "by": "", "strength": "1", "means": means, "says": "", "status": ""})
    known = set()
    for row in texts:
        exact = row["pattern"].startswith("=")
        pattern = row["pattern"][1:] if exact else row["pattern"].lower()
        if (pattern, exact) in known:
            sys.exit(f"explain: {pattern} twice")
        known.add((pattern, exact))
        text_lines.append(f'    {{{quoted(pattern)}, {str(exact).lower()}, {quoted(row["leg"])}, Peer::{row["by"] or "any"}, '
                          f'{row["strength"]}, {quoted(row["means"])}, {quoted(row["says"])}, {quoted(row["status"])}}},\n')
    return ('#include "path/explain_rows.hpp"\n\nnamespace bothends::path {\nnamespace {\n'
            f'constexpr CodeRow codes[] = {{\n{"".join(code_lines)}}};\n'
            f'constexpr TextRow texts[] = {{\n{"".join(text_lines)}}};\n'
            '}  // namespace\n\nstd::span<const CodeRow> code_rows() { return codes; }\n'
            'std::span<const TextRow> text_rows() { return texts; }\n\n}  // namespace bothends::path\n')


if __name__ == "__main__":
    text = generate(list(rows(sys.argv[1])), list(rows(sys.argv[2])))
    with open(sys.argv[3], "w", encoding="ascii") as output:
        output.write(text)
