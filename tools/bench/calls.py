"""The calls that functions made, counted by the emulators: exact, and none of the measure's own."""

import collections


class Calls:
    """Counts by account, service, action and what a write was about."""

    def __init__(self, rows=()):
        self._rows = list(rows)

    def count(self, service=None, action=None, account=None, about=None, error=None):
        """How many calls fit what is given. `account` may be a collection of accounts."""
        accounts = {account} if isinstance(account, str) else account
        return sum(row["count"] for row in self._rows
                   if service in (None, row["service"]) and action in (None, row["action"])
                   and (accounts is None or row["account"] in accounts)
                   and about in (None, row["about"]) and error in (None, row["error"]))

    def by_action(self, account=None):
        """{"service:Action": count}, writes of the table with what they were about."""
        accounts = {account} if isinstance(account, str) else account
        counted = collections.Counter()
        for row in self._rows:
            if accounts is None or row["account"] in accounts:
                about = f" ({row['about']})" if row["about"] else ""
                counted[f"{row['service']}:{row['action']}{about}"] += row["count"]
        return dict(sorted(counted.items()))

    def table_reads(self):
        """Calls that read the table."""
        return sum(self.count("dynamodb", action) for action in _READS)

    def table_writes(self):
        """Calls that change what the table knows: reservations and a sweep's own progress left out."""
        return self.count("dynamodb") - self.table_reads() - self.bookkeeping()

    def bookkeeping(self):
        """Writes of what a sweep leaves of itself, whatever it finds."""
        return sum(self.count("dynamodb", about=about) for about in BOOKKEEPING)

    def reservations(self):
        """Updates of the buckets."""
        return self.count("dynamodb", about="bucket")


# The buckets, and the runs of sweeps and backfills.
BOOKKEEPING = ("bucket", "run")
_READS = ("GetItem", "BatchGetItem", "Query", "Scan")


def forget(stage):
    """Start counting anew."""
    for emulator in ("moto", "ministack"):
        stage.ask(emulator, "DELETE", "calls")


def of_functions(stage):
    """What the functions called since `forget`."""
    rows = [{**row, "about": ""} for row in stage.ask("moto", "GET", "calls/counts")
            if ":assumed-role/" in row["caller"]]
    rows += [{**row, "error": None} for row in stage.ask("ministack", "GET", "calls") if row["role"]]
    return Calls(rows)
