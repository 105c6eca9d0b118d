"""report.md, for people, from what report.json holds."""

from tabulate import tabulate

MB = 1_000_000
_VERDICT = {True: "met", False: "not met", None: "not measured in this run"}


def markdown(report):
    """The whole report."""
    sections = [_head(report), _goals(report["goals"])]
    for name, write in _FIGURES.items():
        figure = report["figures"].get(name)
        title, lines = write(figure) if figure else (_TITLES[name], [_why_not(report, name)])
        sections.append("\n\n".join([f"## {title}", *lines]))
    return "\n\n".join(sections) + "\n"


def _why_not(report, name):
    failure = report["failures"].get(name)
    return f"It failed: {failure}" if failure else "Not measured in this run."


def _table(rows, headers):
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def _head(report):
    made, machine = report["made"], report["made"]["machine"]
    versions = "; ".join(f"{name} {version}" for name, version in made["versions"].items())
    took = "; ".join(f"{name} {seconds:.0f} s" for name, seconds in report["seconds"].items())
    return "\n\n".join([
        "# zonelink, measured",
        f"Made {made['at']} of {made['commit']} by `{report['command']}`, in {sum(report['seconds'].values()) / 60:.1f} "
        f"minutes ({took}). {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}; the load before was {machine['load_before']}.",
        f"Versions: {versions}.",
        "Both sides ran in turns under the same Runtime API, against the same local AWS, over HTTP on this machine: "
        "round trips of a millisecond or so, no TLS, no authorization of the functions' own calls. Ratios and counts "
        "are what carries over to AWS; times are not. Times are medians, with quartiles in brackets.",
    ])


def _goals(goals):
    rows = []
    for goal in goals:
        verdict = _VERDICT[goal["met"]]
        if goal["met"] is False and goal["times_the_limit"]:
            verdict += f": {goal['times_the_limit']:.2f} times the limit"
        value = "–" if goal["value"] is None else _number(goal)
        rows.append([goal["figure"], goal["goal"], value, verdict, "; ".join(filter(None, (goal["shown"], goal["facts"])))])
    return "## Goals\n\n" + _table(rows, ["figure", "goal", "measured", "", "from"])


def _number(goal):
    value, limit = goal["value"], goal["goal"]
    if "1 :" in limit:
        return f"1 : {1 / value:.2f}"
    if "%" in limit:
        return f"{value:.2%}"
    if "MB" in limit:
        return f"{value / MB:.2f} MB"
    if "minutes" in limit:
        return f"{value / 60:.1f} minutes"
    return f"{value:.3g}"


def _ms(spread):
    return f"{spread['median'] * 1000:.1f} ({spread['q1'] * 1000:.1f}–{spread['q3'] * 1000:.1f})"


def _mb(spread):
    return f"{spread['median'] / MB:.1f} ({spread['least'] / MB:.1f}–{spread['most'] / MB:.1f})"


def _start(figure):
    rows = []
    for name, side in figure["sides"].items():
        sizes = " / ".join(f"{size / MB:.2f}" for size in side["zip_bytes"].values())
        ratios = figure["ratios"].get(name)
        shown = [f"1 : {1 / ratios[what]:.1f}" for what in ("init", "answer", "memory")] if ratios else ["", "", ""]
        rows.append([name, _ms(side["init"]), shown[0], _ms(side["answer"]), shown[1], _mb(side["idle"]),
                     _mb(side["memory"]), shown[2], sizes])
    headers = ["function", "to first /next, ms", "ratio", "to first answer, ms", "ratio", "MB before", "MB at most",
               "ratio", "zip, MB"]
    return _TITLES["start"], [
        f"{figure['rounds']} rounds in turns, a new process each time. The first event is about an endpoint in sync "
        "(a dry run for backfill). Memory is the most that was resident (VmHWM). The baseline's zip is the handler "
        "alone, and with its own boto3.", _table(rows, headers)]


def _event(figure):
    rows, calls = [], []
    for case, sides in figure.items():
        ours, baseline = sides["zonelink"], sides["baseline"]
        rows.append([case, _ms(ours["seconds"]), _ms(baseline["seconds"]), f"1 : {1 / sides['ratio']:.2f}",
                     _least_to_most(ours["calls_total"]), _least_to_most(baseline["calls_total"])])
        for name, side in (("zonelink", ours), ("baseline", baseline)):
            made = ", ".join(f"{action} {count}" for action, count in side["calls"].items())
            times = f"{side['rounds_with_just_these_calls']} of {side['calls_total']['runs']} rounds"
            calls.append([case, name, made, times])
    return _TITLES["event_to_record"], [
        "From the hand-over of CreateVpcEndpoint's event to the arrival of the last change at Route 53; the endpoint "
        "is available as soon as it is accepted.",
        _table(rows, ["", "zonelink, ms", "baseline, ms", "ratio", "calls, zonelink", "calls, baseline"]),
        "The calls of the most frequent round:", _table(calls, ["", "", "calls", "in"])]


def _least_to_most(spread):
    least, most = spread["least"], spread["most"]
    return str(least) if least == most else f"{least}–{most}"


def _sweep(figure):
    rows, calls = [], []
    for row in figure:
        for name in ("zonelink", "baseline"):
            if side := row.get(name):
                memory = ", ".join(f"{which} {peak / MB:.0f}" for which, peak in side["memory"].items())
                rows.append([f"{row['endpoints']:,} in {row['accounts']}", name, f"{side['calls_per_endpoint']:.3f}",
                             f"{side['route53_per_vpc']:.2f}", f"{side['ec2_per_hundred_endpoints']:.1f}",
                             f"{side['table_reads_per_endpoint']:.3f}", f"{side['table_writes_per_endpoint']:.3f}",
                             str(side["writes"] + side["route53_changes"]), f"{side['milliseconds_per_vpc']:.1f}", memory])
                made = ", ".join(f"{action} {count:,}" for action, count in side["calls"].items())
                calls.append([f"{row['endpoints']:,}", name, made])
    headers = ["endpoints in accounts", "", "calls each", "Route 53 each", "EC2 per 100", "table reads each",
               "table writes each", "records, claims, journal written", "ms each", "MB at most"]
    return _TITLES["sweep"], [
        "One endpoint and one zone in each VPC, all in sync; two workers. The baseline is measured up to 1,000 "
        "endpoints. Table writes are reservations of Route 53 requests and the sweep's own progress. That nothing "
        "else was written is counted, and up to 1,000 endpoints the whole table is compared.", _table(rows, headers), "![Growth](growth.svg)",
        _table(calls, ["endpoints", "", "calls"])]


def _backfill(figure):
    rows = [
        ["time", f"{figure['seconds']:.1f} s ({figure['seconds_unscaled'] / 60:.1f} minutes unscaled)"],
        ["arithmetic limit of zonelink's share", f"{figure['limit_of_the_share']:.1f} s"],
        ["time : limit", f"{figure['ratio_to_the_share']:.3f}" if figure["ratio_to_the_share"] else "within the burst"],
        ["arithmetic limit of the account's whole quota", f"{figure['limit_of_the_quota']:.1f} s"],
        ["requests, and how many are needed", f"{figure['requests']:,}, {figure['requests_needed']:,}"],
        ["throttled", f"{figure['throttled']} ({figure['throttled_share']:.2%})"],
        ["EC2 calls for each hundred VPCs", f"{figure['ec2_per_hundred_vpcs']:.1f}"],
        [f"longest wait of {figure['joined']} endpoints that joined",
         f"{figure['longest_wait_of_a_new_endpoint']:.2f} s ({figure['longest_wait_unscaled']:.0f} s unscaled)"],
    ]
    return _TITLES["backfill"], [
        f"{figure['vpcs']:,} new VPCs of one account, each with an endpoint that waits for acceptance. Route 53 gives "
        f"10 requests a second and 50 at once, zonelink takes 5 and 25; all four are multiplied by {figure['scale']}. "
        "Whole seconds of delay and the calls' own time are not scaled, and count against us.", _table(rows, ["", ""]),
        "Calls: " + ", ".join(f"{action} {count:,}" for action, count in figure["calls"].items())]


def _quota(figure):
    memory = ", ".join(f"{which} {peak / MB:.0f}" for which, peak in figure["memory"].items())
    rows = [
        ["calls for each endpoint", f"{figure['calls_per_endpoint']:.3f}"],
        ["of Route 53", f"{figure['route53_per_vpc']:.2f}"],
        ["reads of the table for each endpoint", f"{figure['table_reads_per_endpoint']:.3f}"],
        ["read units for each endpoint", f"{figure['read_units_per_endpoint']:.3f}"],
        ["reservations, and messages sent and received", f"{figure['reservations']}, {figure['messages']}"],
        ["time", f"{figure['seconds']:.1f} s"],
        ["MB at most", memory],
    ]
    return _TITLES["quota"], [
        f"{figure['endpoints']} endpoints of one account, all in sync, with the parameters as the template has them.",
        _table(rows, ["", ""]),
        "Calls: " + ", ".join(f"{action} {count:,}" for action, count in figure["calls"].items())]


def _planning(figure):
    rows = [[case, f"{one['plans_per_second']:,.0f}", f"{one['nanoseconds'] / 1000:.1f} "
             f"({one['from'] / 1000:.1f}–{one['to'] / 1000:.1f})",
             "no valgrind here" if one["instructions"] is None else f"{one['instructions']:,}"]
            for case, one in figure["cases"].items()]
    return _TITLES["planning"], [f"A VPC with {figure['endpoints']} endpoints and {figure['zones']} zones.",
                                 _table(rows, ["", "plans a second", "µs (interval)", "instructions"])]


def _builds(figure):
    release = figure["release"]
    kind = "from nothing" if release["clean"] else "not from nothing: what was there was used"
    rows = [[release["command"], f"{release['seconds']:.0f} s", kind]]
    for name in ("dev", "make_test"):
        if one := figure.get(name):
            steps = "; ".join(f"{step} {seconds} s" for step, seconds in one.get("steps", {}).items())
            rows.append([one["command"], f"{one['seconds']:.0f} s", f"from nothing{steps and ': '}{steps}"])
    lines = [_table(rows, ["", "", ""])]
    if "dev" not in figure:
        lines.append("A clean dev build and a clean `make test` were not run: `make bench BUILDS=1` does.")
    return _TITLES["builds"], lines


_TITLES = {
    "start": "1. Start, memory, size", "event_to_record": "2. From an event to the record",
    "sweep": "3 and 5. A sweep in sync, and how it grows", "backfill": "4. Backfill behind a quota",
    "planning": "6. Planning alone", "builds": "7. Builds", "quota": "8. A sweep in sync within the template's quota",
}
_FIGURES = {"start": _start, "event_to_record": _event, "sweep": _sweep, "backfill": _backfill,
            "planning": _planning, "builds": _builds, "quota": _quota}
