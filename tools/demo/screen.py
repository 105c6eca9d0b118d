"""What the demo prints. Colour is an extra: on a terminal only, and never with NO_COLOR."""

import os
import sys
import textwrap

_WIDTH = 100
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def _painted(text, colour):
    if not (colour and sys.stdout.isatty()) or os.environ.get("NO_COLOR") \
            or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"


def _print(text):
    print(text, flush=True)


def title(text):
    """The headline of the whole."""
    _print(_painted(text, "bold"))
    _print("=" * len(text))


def chapter(number, text):
    """The headline of a part."""
    line = f"{number}. {text}"
    _print("\n" + _painted(line, "bold"))
    _print("-" * len(line))


def say(text):
    """A sentence or two to the reader."""
    _print(textwrap.fill(text, _WIDTH))


def fact(who, text):
    """Something that stands now, and whose it is."""
    indent = " " * 12
    _print(textwrap.fill(f"  {who:<10}" + text, _WIDTH, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False))


def command(words):
    """A command for the reader's own shell that does what the demo does now by API."""
    lines = textwrap.wrap(words, _WIDTH - 6, break_long_words=False, break_on_hyphens=False)
    text = " \\\n      ".join(lines)
    _print(_painted(f"\n  $ {text}", "cyan"))


def head():
    """The heading of a run of moments."""
    _print("")
    _print(_painted("   seconds  source      what happened", "dim"))


_SOURCE_COLOURS = {"call": "cyan", "Route 53": "green", "waiting": "yellow", "log": "dim"}


def moment(seconds, source, text):
    """Something that happened, so many seconds after the call."""
    lines = textwrap.wrap(text, _WIDTH - 24, break_long_words=False, break_on_hyphens=False)
    shown = _painted(f"{source:<11}", _SOURCE_COLOURS.get(source))
    at = " " * 8 if seconds is None else f"{seconds:+8.2f}"
    _print(f"  {at}  {shown} " + ("\n" + " " * 24).join(lines))


def check(number, text, holds, detail=""):
    """One expectation of a chapter and whether it holds."""
    word = _painted("ok  ", "green") if holds else _painted("FAIL", "red")
    indent = " " * 10
    shown = text if holds or not detail else f"{text} — {detail}"
    lines = textwrap.wrap(shown, _WIDTH - 10, break_on_hyphens=False)
    _print(f"  {number:>2} {word} " + ("\n" + indent).join(lines))


def plain(text):
    """Lines as they are."""
    _print(text)


def good(text):
    """The last word when all is well."""
    _print(_painted(text, "green"))


def bad(text):
    """The last word when it is not."""
    _print(_painted(text, "red"))
