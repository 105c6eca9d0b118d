"""Build what these tests deploy, before they need it: `python -m deploy`."""

from . import tools

print(tools.build())
