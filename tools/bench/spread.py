"""A row of measurements in a few numbers."""

import statistics


def spread(values):
    """Median, quartiles and extremes, and how many there were."""
    values = sorted(values)
    quarters = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"median": statistics.median(values), "q1": quarters[0], "q3": quarters[2],
            "least": values[0], "most": values[-1], "runs": len(values)}


def ratio(ours, baseline):
    """ours : baseline, of two spreads, by their medians."""
    return ours["median"] / baseline["median"]
