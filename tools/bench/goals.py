"""The goals, each beside what was measured: met, or by how much not and what is counted against it."""

from dataclasses import asdict, dataclass

MB = 1_000_000


@dataclass
class Goal:
    """One goal. A value of none means that its figure was not measured in this run."""

    figure: str
    goal: str
    limit: float
    value: float | None
    shown: str
    facts: str = ""
    exact: bool = False

    @property
    def met(self):
        """Whether it is reached; none when it was not measured."""
        if self.value is None:
            return None
        return self.value == self.limit if self.exact else self.value <= self.limit

    def as_json(self):
        """With the verdict, and how many times the limit the value is."""
        times = self.value / self.limit if self.value is not None and self.limit else None
        return {**asdict(self), "met": self.met, "times_the_limit": times}


def judge(figures):
    """All goals, for the figures of a run."""
    found = [*_start(figures.get("start")), *_event(figures.get("event_to_record")), *_sweep(figures.get("sweep")),
             *_backfill(figures.get("backfill")), *_builds(figures.get("builds"))]
    return [goal.as_json() for goal in found]


def _start(figure):
    sides = (figure or {}).get("sides")
    names = [name for name in sides or () if name != "baseline"]

    def worst(what):
        return max((figure["ratios"][name][what] for name in names), default=None)

    def shown(what, unit, scale):
        return "; ".join(f"{name} {side[what]['median'] / scale:.1f} {unit}" for name, side in (sides or {}).items())

    sizes = {name: sides[name]["zip_bytes"]["zip"] for name in names}
    yield Goal("init to first /next, ours : baseline", "≤ 1 : 40", 1 / 40, worst("init"), shown("init", "ms", 0.001))
    yield Goal("peak memory, ours : baseline", "≤ 1 : 5", 1 / 5, worst("memory"), shown("memory", "MB", MB),
               "before the first event: " + shown("idle", "MB", MB))
    yield Goal("zip of each function", "≤ 4 MB", 4 * MB, max(sizes.values(), default=None),
               "; ".join(f"{name} {size / MB:.2f} MB" for name, size in sizes.items()))


def _event(figure):
    warm = (figure or {}).get("warm, 1 zone")
    name = "event to record, warm, one zone, ours : baseline"
    if warm is None:
        yield Goal(name, "≤ 1 : 2", 1 / 2, None, "")
        return
    sides = {side: warm[side] for side in ("zonelink", "baseline")}
    shown = "; ".join(f"{side} {one['seconds']['median'] * 1000:.0f} ms" for side, one in sides.items())
    facts = "; ".join(f"{side} makes {one['calls_total']['median']:.0f} calls" for side, one in sides.items())
    yield Goal(name, "≤ 1 : 2", 1 / 2, warm["ratio"], shown, facts)


def _sweep(rows):
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    ours = last["zonelink"] if rows else {}
    new = first["new"]["route53_per_vpc"] if rows else None
    size = f"at {last['endpoints']:,} endpoints" if rows else ""
    yield Goal("Route 53 calls, VPC in sync with one zone", "2", 2, ours.get("route53_per_vpc"), size, exact=True)
    yield Goal("Route 53 calls, new endpoint with one zone", "3", 3, new, "", exact=True)
    yield Goal("EC2 calls per 100 endpoints of one account in a sweep", "≤ 4", 4,
               ours.get("ec2_per_hundred_endpoints"), size)
    yield Goal("writes of a sweep in sync", "0", 0, ours.get("writes"), size, exact=True)
    few, many = (row["zonelink"]["calls_per_endpoint"] if rows else None for row in (first, last))
    shown = f"{many:.3f} at {last['endpoints']:,}, {few:.3f} at {first['endpoints']:,}" if rows else ""
    comparable = bool(rows) and last["endpoints"] == 10_000 and first["endpoints"] == 100
    yield Goal("calls per endpoint at 10,000 : at 100", "≤ 1.05", 1.05, many / few if comparable else None, shown)


def _backfill(figure):
    one = figure or {}
    shown = f"{one['seconds']:.0f} s for {one['limit_of_the_share']:.0f} s" if figure else ""
    facts = f"{one['requests']} requests where {one['requests_needed']} are needed" if figure else ""
    yield Goal("backfill of 2,000 VPCs, time : arithmetic limit", "≤ 1.10", 1.10,
               one.get("ratio_to_the_share") if one.get("vpcs") == 2_000 else None, shown, facts)
    yield Goal("throttled share of its calls", "≤ 1 %", 0.01, one.get("throttled_share"),
               f"{one['throttled']} of {one['requests']}" if figure else "")


def _builds(figure):
    made = (figure or {}).get("make_test") or {}
    # What it compiles as users deploy it is told of apart.
    apart = made.get("steps", {}).get("sam build", 0)
    seconds = made["seconds"] - apart if made else None
    shown = f"{seconds / 60:.1f} minutes, and {apart / 60:.1f} of sam build" if made else ""
    yield Goal("clean make test without its sam build", "≤ 15 minutes", 15 * 60, seconds, shown)
