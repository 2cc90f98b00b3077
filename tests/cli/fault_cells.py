"""The cells of the fault matrix: what one fault came to behind one proxy in one setting, read from a report of a run."""
from dataclasses import dataclass

from harness import tries

PROXIES = ("nginx", "haproxy", "apache2", "caddy", "trafficserver")
SETTINGS = ("told", "default")
AFTER_FINISHED = ("finished", "request", "response", "done")


@dataclass(frozen=True)
class Cell:
    leg: str
    fault: str
    proxy: str          # its name, or the stacks of the embedded one: "openssl+mbedtls"
    setting: str
    ran: str            # status of the try
    why: str            # it is skipped, or an error
    came: str | None
    control: bool | None
    cause: str | None   # of the first finding
    where: str | None   # its leg
    certainty: str | None
    status: int | None  # what the client got
    alert: str          # first fatal alert on the fault's leg: ">45" towards the origin, "<40" towards the client
    closed: bool        # the handshake finished at the origin, and the proxy closed without a request
    attempts: int       # origin connections
    reached: bool       # a request reached the origin

    @property
    def key(self):
        return self.leg, self.fault, self.proxy, self.setting

    @property
    def verdict(self):
        return self.came, self.cause, self.where, self.certainty

    @property
    def let_pass(self):
        return self.cause == "bad-certificate-accepted"

    @property
    def look(self):
        """How the matrix and the measured facts write it."""
        return self.status, self.alert, self.closed, self.attempts


def status_of(record):
    return next((one["response"]["status"] for one in record["client"]["exchanges"] if one["response"]), None)


def alert_of(ends):
    """What all connections agree on comes first; a racing one is not shown twice."""
    for end in ends:
        for alert in end["alerts"]:
            if alert["level"] == 2:
                return ("<" if alert["from"] == "origin" or end["leg"] == "client" and alert["from"] == "proxy" else ">") + \
                    str(alert["alert"]["code"])
    return ""


def closed_unasked(origin):
    return (origin["ending"]["stage"] in AFTER_FINISHED and origin["ending"]["how"] in ("closed", "eof", "reset")
            and not origin["exchanges"] and not alert_of([origin]))


def cell_of(leg, one):
    variant, record, fault = dict(one["variant"]), one["record"], one["fault"]
    finding = one["findings"][0] if one["findings"] else {}
    origins = record["origins"] if record else []
    proxy = variant.get("proxy.use") or f'{variant["proxy.stack"]}+{variant["proxy.routes.stack"]}'
    return Cell(
        leg=leg, fault=variant["fault." + leg], proxy=proxy, setting=variant["proxy.setting"],
        ran=one["status"], why=one["reason"], came=fault and fault["came"],
        control=fault and fault.get("control") and fault["control"]["passed"],
        cause=finding.get("cause"), where=finding.get("leg"), certainty=finding.get("certainty"),
        status=status_of(record) if record else None,
        alert=alert_of([record["client"]] if leg == "client" else origins) if record else "",
        closed=leg == "origin" and any(closed_unasked(origin) for origin in origins), attempts=len(origins),
        reached=any(origin["exchanges"] for origin in origins))


def cells(document, leg):
    """By key; a scenario that runs several times gives a list of such."""
    runs = []
    for _, one in tries(document):
        cell = cell_of(leg, one)
        place = next((run for run in runs if cell.key not in run), None)
        if place is None:
            place = {}
            runs.append(place)
        place[cell.key] = cell
    return runs
