"""scenarios/failing: each fails, and its report is to the letter what stands beside it (durations aside).

`failing_test.py --write` writes what is printed now: to be read before it is committed."""
import sys

from harness import ROOT, Checks, bothends, without_times


def main():
    checks = Checks()
    folder = ROOT / "scenarios/failing"
    for file in sorted(folder.glob("*.toml")):
        process = bothends("run", file.relative_to(ROOT))
        printed = without_times(process.stdout)
        beside = file.with_suffix(".txt")
        if "--write" in sys.argv:
            beside.write_text(printed)
        checks.that(f"{file.name}: fails", process.returncode in (1, 2), process.returncode)
        checks.equal(f"{file.name}: the report", printed, beside.read_text() if beside.exists() else None)
    checks.that("there are some", checks.passed >= 4)
    checks.done()


if __name__ == "__main__":
    main()
