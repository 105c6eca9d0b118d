"""Names for ids: a reader remembers "VPC A1" and not vpc-7612ec1dfb0a0945c."""

import re


class Names:
    """Gives ids names, and puts the names into texts."""

    def __init__(self):
        self._names = {}
        self._alone = set()

    def give(self, identifier, name, in_texts=True):
        """Name an id; returns the id. Within texts it may have to stay, as accounts do in rules."""
        self._names[identifier] = name
        if not in_texts:
            self._alone.add(identifier)
        return identifier

    def __getitem__(self, identifier):
        return self._names.get(identifier, identifier)

    def known_in(self, text, kind):
        """The names of this kind whose ids occur in a text."""
        return [name for identifier, name in self._names.items()
                if name.startswith(kind) and identifier in text]

    def into(self, text):
        """The text with names for the ids in it."""
        # The longest first: one id may be the beginning of another.
        known = sorted(self._names.keys() - self._alone, key=len, reverse=True)
        if not known:
            return text
        pattern = "|".join(map(re.escape, known))
        return re.sub(pattern, lambda found: self._names[found[0]], text)
