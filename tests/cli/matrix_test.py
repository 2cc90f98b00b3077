"""Client stack x origin stack: the same verdicts and findings for every scenario, or a capability that says why not."""
from collections import defaultdict

from harness import Checks, findings, report, tries

STACKS = ("openssl", "mbedtls")
AXES = ("client.stack", "origin.stack")


def main():
    checks = Checks()
    matrix = [part for axis in AXES for part in ("--matrix", f"{axis}={','.join(STACKS)}")]
    process, document = report("scenarios/", "--jobs", "4", *matrix)
    checks.equal("exit", process.returncode, 0)
    cells = defaultdict(dict)
    for scenario, one in tries(document):
        variant = dict(one["variant"])
        rest = tuple(sorted((key, value) for key, value in variant.items() if key not in AXES))
        cells[scenario["file"], one["name"], rest][variant["client.stack"], variant["origin.stack"]] = one
    for (file, name, _), pairs in cells.items():
        checks.equal(f"{file}: {name}: all four pairs", len(pairs), 4)
        ran = {pair: one for pair, one in pairs.items() if one["status"] != "skipped"}
        for pair, one in pairs.items():
            if one["status"] == "skipped":
                checks.that(f"{file}: {name} {pair}: a capability says why", any(stack in one["reason"] for stack in STACKS),
                            one["reason"])
        checks.that(f"{file}: {name}: some pair runs", ran, pairs)
        checks.that(f"{file}: {name}: passes on {sorted(ran)}", all(one["status"] == "passed" for one in ran.values()),
                    {pair: (one["status"], [v for v in one["verdicts"] if not v["met"]]) for pair, one in ran.items()})
        checks.equal(f"{file}: {name}: one finding", len({tuple(findings(one)) for one in ran.values()}), 1)
    checks.that("cells were compared", len(cells) > 40, len(cells))
    checks.done()


if __name__ == "__main__":
    main()
