"""docs/matrix.md and the tables in the pages of the causes, made of the cells of the fault matrix. Only what is the same in
every run stands in them."""
import difflib
import re

from fault_cells import PROXIES, SETTINGS
from harness import ROOT

# After the handshake a reset or an alert overtakes HAProxy's request or it does not: it tries again and says 503 in the end, or
# it does not and says 502. Measured before too: "502, or 503: a race".
RACING = {("handshake-reset", "haproxy"), ("wants-certificate-tls1.3", "haproxy"), ("wants-other-certificate-tls1.3", "haproxy"),
          ("h2-only", "caddy")}  # and Go tries a broken HTTP/2 connection again, or not
BLOCK = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- /measured -->)", re.S)

HEAD = """# The fault matrix

What five real proxies make of every fault that `[fault]` knows: on the leg to the origin and on the leg to the client, told what
to do (SNI, verification, trust anchor, client certificate) and in their default setting. Behind every cell the cause was found to
be the fault, or the proxy did not mind it; and the same try without the fault, its control twin, was served.

This file is written by `tests/cli/fault_matrix_test.py --write` and compared by the test, from three runs with equal verdicts: nginx
1.22.1, HAProxy 2.6.12, Apache 2.4, Caddy 2.6.2 and Traffic Server 9.2, as Debian 12 has them. To repeat a part of it:

    bothends run tests/data/faults-origin.toml --proxy nginx --jobs 4
    bothends run tests/data/faults-client.toml --proxy nginx --jobs 4
    bothends run tests/data/faults-origin.toml --proxy nginx --matrix fault.origin=expired --matrix proxy.setting=told,default -v

| word | means |
|---|---|
| `502` | the status that the client got; `502/503`: a race decides |
| `>45` `<40` | the first fatal alert on the leg of the fault: towards the origin, towards the client. After a FIN or a reset it is chance whether one is seen, so none is shown |
| `*` | the handshake finished at the origin; then the proxy closed without a request |
| `×4` | origin connections for the one request, if not one |
| `ok` | nobody minded, and the client was served |
| `let pass` | the proxy was told to verify, or does by itself, and let it pass all the same |
| `seen` | the client was served, and the cause was named all the same |
| `cut` | the client got nothing, and there was no alert |
| `–` | the proxy cannot be made to do this |
"""


def attempts(cell):
    hidden = cell.leg == "client" or cell.attempts < 2 or (cell.fault, cell.proxy) in RACING
    return "" if hidden else f" ×{cell.attempts}"


def races(cell):
    return cell.leg == "origin" and cell.proxy == "haproxy" and (cell.fault, cell.proxy) in RACING and cell.status in (502, 503)


def status(cell):
    return "502/503" if races(cell) else str(cell.status)


def alert(cell):
    return "" if cell.fault.endswith(("-fin", "-reset")) else cell.alert


def look(cell):
    """A cell in few characters; the same in every run."""
    if cell.ran in ("skipped", "error"):
        return "–" if cell.ran == "skipped" else "error"
    if cell.came == "accepted":
        return "let pass" if cell.let_pass else "ok"
    if cell.status == 200:
        return "seen"
    words = [status(cell)] if cell.status else []
    words += [alert(cell)] if alert(cell) else []
    return ((" ".join(words) or "cut") + ("*" if cell.closed else "")) + attempts(cell)


def table(head, rows):
    """A table of Markdown that reads as well where it is not rendered."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    line = lambda row: "| " + " | ".join(f"{text:{width}}" for text, width in zip(row, widths)) + " |\n"
    return line(head) + "|" + "|".join("-" * (width + 2) for width in widths) + "|\n" + "".join(map(line, rows))


def faults_of(seen, leg):
    return list(dict.fromkeys(cell.fault for cell in seen.values() if cell.leg == leg))


def origin_table(seen):
    rows = [[fault] + [look(seen["origin", fault, proxy, setting]) for proxy in PROXIES for setting in SETTINGS]
            for fault in faults_of(seen, "origin")]
    return table(["fault"] + [name for proxy in PROXIES for name in (proxy, "default")], rows)


def client_table(seen):
    rows = [[fault] + [look(seen["client", fault, proxy, "told"]) for proxy in PROXIES] for fault in faults_of(seen, "client")]
    return table(["fault", *PROXIES], rows)


def matrix(seen):
    return (HEAD + "\n## The leg to the origin\n\nThe column `default` is that of the proxy before it.\n\n" + origin_table(seen) +
            "\n## The leg to the client\n\nHow the proxy's other leg is set does not matter here: both settings gave this.\n\n" +
            client_table(seen))


def client_gets(cell):
    if cell.status or cell.leg == "origin":
        return f"HTTP {status(cell)}" if cell.status else "nothing"
    return {"<": "alert ", ">": "nothing; it sends alert ", "": "nothing"}[alert(cell)[:1]] + alert(cell)[1:]


def origin_sees(cell):
    if cell.let_pass or cell.came == "accepted":
        return "a request"
    words = "finished, closed" if cell.closed else "its alert " + alert(cell)[1:] if alert(cell).startswith("<") else \
        "alert " + alert(cell)[1:] if alert(cell) else "no alert"
    return words + attempts(cell)


def named_proxies(cells):
    """"nginx, haproxy (default)": where both settings do the same, none is said."""
    by_proxy = {proxy: [cell.setting for cell in cells if cell.proxy == proxy] for proxy in PROXIES}
    if all(len(settings) == 2 for settings in by_proxy.values()):
        return "all"
    return ", ".join(proxy + (f" ({settings[0]})" if len(settings) == 1 else "") for proxy, settings in by_proxy.items() if settings)


def cause_rows(seen, cause, leg):
    """Faults that come to the same everywhere share their rows."""
    patterns = {}
    for fault in faults_of(seen, leg):
        outcomes = {}
        for cell in seen.values():
            if (cell.leg, cell.fault, cell.cause) == (leg, fault, cause):
                sees = [origin_sees(cell)] if leg == "origin" else []
                outcomes.setdefault((client_gets(cell), *sees), []).append(cell)
        pattern = tuple((named_proxies(cells), *outcome) for outcome, cells in outcomes.items())
        if pattern:
            patterns.setdefault(pattern, []).append(fault)
    for pattern, faults in patterns.items():
        for number, row in enumerate(pattern):
            yield ["" if number else faults[0], *row]
        for fault in faults[1:]:
            yield [fault, "the same"] + [""] * (len(pattern[0]) - 1)


def block(seen, cause):
    parts = []
    for leg, heads in (("origin", ["the client gets", "the origin sees"]), ("client", ["the client gets"])):
        rows = list(cause_rows(seen, cause, leg))
        if rows:
            parts.append(table([f"fault of the {leg} leg", "proxy", *heads], rows))
    said = "As measured behind the proxies of Debian 12; [all faults](../matrix.md).\n\n"
    return said + "\n".join(parts) if parts else "No fault of [the matrix](../matrix.md) comes to this.\n"


def pages(seen):
    """File -> what must stand in it."""
    made = {"docs/matrix.md": matrix(seen)}
    for path in sorted((ROOT / "docs/causes").glob("*.md")):
        made[f"docs/causes/{path.name}"] = BLOCK.sub(lambda _, path=path: block(seen, path.stem), path.read_text(encoding="utf-8"))
    return made


def first_difference(now, wanted):
    return "\n".join(list(difflib.unified_diff(now.splitlines(), wanted.splitlines(), "it says", "it should say", "", "", 0, ""))[:20])
