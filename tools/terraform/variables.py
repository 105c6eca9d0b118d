"""The variables of the Terraform modules, made from the templates' parameters: types, defaults, checks and words."""

import json
import re

from local_aws import state

from . import cloudformation
from .documents import TEMPLATES

# What is one text with commas in a template, or "true" and "false", has a type of its own in Terraform.
_LISTS = {"AlarmActions", "AllowedPrincipals", "AdditionalRecordNames", "ClientAccounts", "OperatorPrincipals",
          "RecordNames", "ServesVpcsOf", "SubnetIds"}
_TRUTHS = {"ConnectionNotifications", "DeletionProtection", "MayCreateZones", "MayDeleteZones", "MayShareZones",
           "ReadOrganizations"}
_ELEMENTS = {
    "AlarmActions": "^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
    "AdditionalRecordNames": r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}$",
    "ClientAccounts": "^[0-9]{12}$",
    "ServesVpcsOf": r"^([0-9]{12}|\*)$",
    "OperatorPrincipals": "^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role)/[A-Za-z0-9+=.@_/-]+)$",
}
# What a template gets from elsewhere: the stack's name, and packages that SAM has built.
_MORE = {"provider": '''
variable "name" {
  description = "What the stack's name is to template.yaml: names and roles begin with it. 28 characters at most."
  type        = string
  default     = "zonelink"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,27}$", var.name))
    error_message = "name must be a letter and at most 27 letters, digits and hyphens."
  }
}

variable "packages" {
  description = "The folder in which cargo lambda build --release --arm64 --output-format zip left <function>/bootstrap.zip."
  type        = string
}
'''}


def snake(name):
    """RecordTtl -> record_ttl"""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def variables(module):
    """The text of a module's variables.tf."""
    template = cloudformation.read(state.REPOSITORY / TEMPLATES[module])
    head = f"# The parameters of {TEMPLATES[module]}, which has the reasons. Made from them: python -m terraform.\n"
    parameters = template["Parameters"]
    return head + _MORE.get(module, "") + "".join(
        "\n" + _variable(name, declared, parameters) for name, declared in parameters.items())


def _variable(name, declared, parameters):
    kind = ("list(string)" if name in _LISTS else "bool" if name in _TRUTHS
            else "number" if declared["Type"] == "Number" else "string")
    lines = [f'variable "{snake(name)}" {{',
             f"  description = {_quoted(_words(declared['Description'], name, parameters))}",
             f"  type        = {kind}"]
    if "Default" in declared:
        default = declared["Default"]
        shown = {"list(string)": "[]", "bool": str(default).lower(), "number": str(default)}.get(kind, _quoted(default))
        lines.append(f"  default     = {shown}")
    if check := _check(name, declared):
        condition, words = check
        lines += ["", "  validation {", f"    condition     = {condition}",
                  f"    error_message = {_quoted(f'{snake(name)} {_words(words, name, parameters)}')}", "  }"]
    return "\n".join([*lines, "}"]) + "\n"


def _check(name, declared):
    variable, words = f"var.{snake(name)}", declared.get("ConstraintDescription", "").rstrip(".") + "."
    if "AllowedValues" in declared and name not in _TRUTHS:
        values = declared["AllowedValues"]
        return f"contains({json.dumps(values)}, {variable})", f"must be one of {', '.join(map(str, values))}."
    if "AllowedPattern" in declared:
        pattern = _quoted(_ELEMENTS.get(name, declared["AllowedPattern"]))
        if name in _LISTS:
            return f"alltrue([for one in {variable} : can(regex({pattern}, one))])", words
        return f"can(regex({pattern}, {variable}))", words
    if "MinValue" in declared:
        return f"{variable} >= {declared['MinValue']} && {variable} <= {declared['MaxValue']}", words
    return None


def _words(text, name, parameters):
    for other in parameters:
        text = re.sub(rf"\b{other}\b", snake(other), text)
    return re.sub(r", separated by commas without spaces|, separated by commas", "", text) if name in _LISTS else text


def _quoted(text):
    return json.dumps(text, ensure_ascii=False)
