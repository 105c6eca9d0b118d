"""Answers of EC2 and Route 53 in their wire format, made from botocore's models: what the tests of the adapters play.

The adapters are tested by answers of another hand than the local AWS's, which knows only what it was taught. Each
structure has every member that the model knows, and one that it does not know.
"""
