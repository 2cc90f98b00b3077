#!/usr/bin/env python3
"""embed.py OUT.cpp NAMESPACE::FUNCTION FILE...: the files as data of the program, named by their last path component.

OUT.cpp defines `std::span<const EmbeddedFile> NAMESPACE::FUNCTION()`; whoever calls it declares it (base/embedded.hpp).
"""
import os
import sys

# MSVC aside, compilers take literals of any length, but an editor or a warning may not.
LINE = 100


def literal(data):
    """`data` as adjacent C++ string literals, each octet printable ASCII or three octal digits."""
    shown = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("?"): "\\?"}
    lines, line = [], ""
    for octet in data:
        line += shown.get(octet) or (chr(octet) if 32 <= octet < 127 else f"\\{octet:03o}")
        if octet == 10 or len(line) >= LINE:
            lines.append(line)
            line = ""
    lines.append(line)
    return "\n     ".join(f'"{one}"' for one in lines)


def source(function, paths):
    scope, name = function.rsplit("::", 1)
    entries = []
    for path in sorted(paths, key=os.path.basename):
        with open(path, "rb") as file:
            data = file.read()
        entries.append(f"    {{{literal(os.path.basename(path).encode())},\n     {{{literal(data)}, {len(data)}}}}},\n")
    return (
        '#include <array>\n#include <span>\n\n#include "base/embedded.hpp"\n\n'
        f"namespace {scope} {{\n\n"
        f"std::span<const bothends::EmbeddedFile> {name}();\n\n"
        f"std::span<const bothends::EmbeddedFile> {name}() {{\n"
        f"  static constexpr std::array<bothends::EmbeddedFile, {len(entries)}> files{{{{\n{''.join(entries)}  }}}};\n"
        "  return files;\n}\n\n"
        f"}}  // namespace {scope}\n"
    )


def main():
    if len(sys.argv) < 3 or "::" not in sys.argv[2]:
        sys.exit(__doc__.splitlines()[0])
    names = [os.path.basename(path) for path in sys.argv[3:]]
    if len(names) != len(set(names)):
        sys.exit(f"embed.py: two files of one name among {' '.join(sorted(names))}")
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write(source(sys.argv[2], sys.argv[3:]))


if __name__ == "__main__":
    main()
