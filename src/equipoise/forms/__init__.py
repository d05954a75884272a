"""Forms: typed answers prepared, judged and stored; records read again later."""

from equipoise.forms.context import answers_of, context_of
from equipoise.forms.document import from_json, to_json
from equipoise.forms.findings import FormFinding, Prepared
from equipoise.forms.lens import (
    Add,
    Convert,
    Operation,
    Recode,
    Rename,
    Retire,
    operations,
    read,
    undeclared,
    unreadable,
)
from equipoise.forms.prepare import prepare
from equipoise.forms.record import Record, Value
from equipoise.forms.status import Status, status

__all__ = [
    "Add",
    "Convert",
    "FormFinding",
    "Operation",
    "Prepared",
    "Recode",
    "Record",
    "Rename",
    "Retire",
    "Status",
    "Value",
    "answers_of",
    "context_of",
    "from_json",
    "operations",
    "prepare",
    "read",
    "status",
    "to_json",
    "undeclared",
    "unreadable",
]
