"""The pictures, from report.json: `python pictures.py report.json FOLDER`, with matplotlib, which only this file needs."""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
# The same figures make the same file.
matplotlib.rcParams.update({"svg.hashsalt": "zonelink", "font.size": 9, "axes.spines.top": False,
                            "axes.spines.right": False})
from matplotlib import pyplot  # noqa: E402

OURS, BASELINE = "#1f6f8b", "#c98b2b"
MB = 1_000_000


def main():
    """Draw what the report has figures for."""
    source, folder = map(pathlib.Path, sys.argv[1:])
    figures = json.loads(source.read_text())["figures"]
    for name, draw in {"start": start, "event_to_record": event, "sweep": growth}.items():
        if figures.get(name):
            picture = draw(figures[name])
            picture.tight_layout()
            picture.savefig(folder / f"{'growth' if name == 'sweep' else name}.svg", metadata={"Date": None})


def start(figure):
    """Figure 1: init and memory, a bar for each function."""
    picture, axes = pyplot.subplots(1, 2, figsize=(8, 2.6))
    names = list(figure["sides"])
    colours = [BASELINE if name == "baseline" else OURS for name in names]
    for axis, what, scale, title in ((axes[0], "init", 0.001, "to first /next, ms"),
                                     (axes[1], "memory", MB, "most memory, MB")):
        values = [figure["sides"][name][what]["median"] / scale for name in names]
        bars = axis.barh(names, values, color=colours)
        axis.bar_label(bars, fmt="%.1f", padding=2)
        axis.set_title(title)
        axis.margins(x=0.15)
        axis.invert_yaxis()
    return picture


def event(figure):
    """Figure 2: from the event to the record, side by side."""
    picture, axis = pyplot.subplots(figsize=(8, 2.8))
    for offset, side, colour in ((-0.2, "zonelink", OURS), (0.2, "baseline", BASELINE)):
        spreads = [one[side]["seconds"] for one in figure.values()]
        middle = [spread["median"] * 1000 for spread in spreads]
        errors = [[(spread["median"] - spread["q1"]) * 1000 for spread in spreads],
                  [(spread["q3"] - spread["median"]) * 1000 for spread in spreads]]
        places = [place + offset for place in range(len(spreads))]
        axis.bar(places, middle, 0.38, yerr=errors, color=colour, label=side, capsize=3)
    axis.set_xticks(range(len(figure)), list(figure))
    axis.set_ylabel("event to record, ms")
    axis.legend(frameon=False)
    return picture


def growth(rows):
    """Figure 5: calls, table and memory as the fleet grows."""
    picture, axes = pyplot.subplots(1, 3, figsize=(10, 3))
    sides = (("zonelink", OURS), ("baseline", BASELINE))
    for axis, what, title in ((axes[0], ("calls_per_endpoint",), "calls for each endpoint"),
                              (axes[1], ("table_reads_per_endpoint", "table_writes_per_endpoint"),
                               "table calls for each endpoint")):
        for side, colour in sides:
            found = [(row["endpoints"], row[side]) for row in rows if side in row]
            for name, style in zip(what, ("o-", "s--")):
                label = f"{side}, {name.split('_')[1]}" if len(what) > 1 else side
                axis.plot([x for x, _ in found], [one[name] for _, one in found], style, color=colour, label=label)
        axis.set_title(title)
    for side, colour in sides:
        found = [(row["endpoints"], row[side]["memory"]) for row in rows if side in row]
        for name, style in zip(found[0][1] if found else (), ("o-", "s--")):
            axes[2].plot([x for x, _ in found], [one[name] / MB for _, one in found], style, color=colour, label=name)
    axes[2].set_title("most memory, MB")
    for axis in axes:
        axis.set_xscale("log")
        axis.set_xticks([row["endpoints"] for row in rows], [f"{row['endpoints']:,}" for row in rows])
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.set_xlabel("endpoints")
        axis.legend(frameon=False, fontsize=7)
    return picture


if __name__ == "__main__":
    main()
