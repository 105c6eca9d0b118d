"""Write what the Terraform modules have of the templates: `PYTHONPATH=tools python -m terraform`."""

from .documents import MODULES, TEMPLATES, documents
from .variables import variables

for module in TEMPLATES:
    files = {**documents(module), "variables.tf": variables(module)}
    for path, text in files.items():
        (MODULES / module / path).parent.mkdir(parents=True, exist_ok=True)
        (MODULES / module / path).write_text(text)
