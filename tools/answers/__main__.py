"""Write the answers that tests play: `PYTHONPATH=tools python -m answers`."""

from .written import ANSWERS, answers

for path, text in answers().items():
    (ANSWERS / path).parent.mkdir(parents=True, exist_ok=True)
    (ANSWERS / path).write_text(text)
