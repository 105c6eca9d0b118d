"""The figures of the report, a module each: `measure(...)` gives plain values for report.json."""
