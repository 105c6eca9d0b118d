"""Filter patterns of CloudWatch Logs in which any of several terms will do: `?ERROR ?WARN`.

ministack takes the question mark for part of a term and asks for all of them.
"""

from ministack.services import cloudwatch_logs


def install():
    """Read such patterns before ministack does."""
    by_ministack = cloudwatch_logs._compile_filter_pattern

    def compiled(raw):
        terms = (raw or "").split()
        if not terms or not all(term.startswith("?") for term in terms):
            return by_ministack(raw)
        wanted = [term[1:].strip('"') for term in terms]
        return lambda message: any(term in message for term in wanted)

    cloudwatch_logs._compile_filter_pattern = compiled
