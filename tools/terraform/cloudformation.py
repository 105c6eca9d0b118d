"""A template with its intrinsic functions resolved for given parameters, as far as the templates use them.

What only a deployment knows, the ARN of a table say, is asked of the caller: `known("Table.Arn")`.
"""

import re

import yaml

NO_VALUE = object()


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _short(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {"Ref" if suffix == "Ref" else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short)


def read(path):
    """A template as plain values, its functions in their long form."""
    return yaml.load(path.read_text(), _Loader)


class Rendered:
    """The resources of a template for some parameters."""

    def __init__(self, template, parameters, known):
        self._template = template
        self._known = known
        self._parameters = {}
        for name, declared in template["Parameters"].items():
            value = parameters.get(name, declared.get("Default"))
            lists = declared["Type"] == "CommaDelimitedList" and isinstance(value, str)
            self._parameters[name] = [one for one in value.split(",") if one] if lists else value
        self._conditions = {}
        for name, body in template.get("Conditions", {}).items():
            self._conditions[name] = self.value(body)

    def resources(self):
        """The resources whose condition holds, by logical id."""
        return {name: self.value(body) for name, body in self._template["Resources"].items()
                if self._conditions.get(body.get("Condition"), True)}

    def value(self, body):
        """A part of the template, resolved."""
        if isinstance(body, list):
            return [one for one in map(self.value, body) if one is not NO_VALUE]
        if not isinstance(body, dict):
            return body
        if len(body) == 1:
            [(name, argument)] = body.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return getattr(self, f"_{name[4:].lower()}")(argument)
        return {name: one for name, body in body.items() if (one := self.value(body)) is not NO_VALUE}

    def _ref(self, name):
        if name == "AWS::NoValue":
            return NO_VALUE
        return self._parameters[name] if name in self._parameters else self._known(name)

    def _getatt(self, name):
        return self._known(name if isinstance(name, str) else ".".join(name))

    def _sub(self, argument):
        text, own = argument if isinstance(argument, list) else (argument, {})
        own = {name: self.value(body) for name, body in own.items()}

        def found(match):
            name = match[1]
            if name in own:
                return own[name]
            return self._getatt(name) if "." in name else str(self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", found, text)

    def _join(self, argument):
        separator, parts = argument
        return separator.join(map(str, self.value(parts)))

    def _split(self, argument):
        separator, text = argument
        return self.value(text).split(separator)

    def _if(self, argument):
        condition, yes, no = argument
        return self.value(yes if self._conditions[condition] else no)

    def _equals(self, argument):
        # CloudFormation compares texts: a parameter that is a number is one, too.
        one, other = map(self.value, argument)
        return str(one) == str(other)

    def _not(self, argument):
        return not self.value(argument[0])

    def _and(self, argument):
        return all(map(self.value, argument))

    def _or(self, argument):
        return any(map(self.value, argument))
