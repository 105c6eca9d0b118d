"""The measure: zonelink beside a plain boto3 function of the same job, in one run, on the local AWS.

    python -m bench           every figure, written to target/bench (make bench)
    pytest tests/tools/bench  the exact counts, and the baseline's own tests (make bench-smoke)
"""
