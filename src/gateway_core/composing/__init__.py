"""One answer out of many: what is asked for it, in which order, and what is made of it.

    documents    JSON, read strictly          expressions, syntax, interpreting   JMESPath, bounded
    templates    texts with values in them    shape    what a document shall look like
    part         one request of a composition plan     all of them, in order; timing    how long

For users: docs/how-to/compose-services.md.
"""

from .documents import Document, Flaw, is_json, read_document, write_document
from .expressions import Expression, Fault, is_false
from .interpreting import Budget
from .part import BODY_MAX, ITEMS_MAX, PARALLEL, PASSED, Part
from .plan import ANSWER_MAX, DEADLINE, REQUEST_MAX, Plan
from .routes import part_route_name, part_routes
from .shape import Misfit, Shape, Wanted
from .templates import (
    Template,
    Unfilled,
    field_template,
    fill_field,
    fill_path,
    fill_query,
    path_template,
    query_template,
)

__all__ = [
    "ANSWER_MAX",
    "BODY_MAX",
    "DEADLINE",
    "ITEMS_MAX",
    "PARALLEL",
    "PASSED",
    "REQUEST_MAX",
    "Budget",
    "Document",
    "Expression",
    "Fault",
    "Flaw",
    "Misfit",
    "Part",
    "Plan",
    "Shape",
    "Template",
    "Unfilled",
    "Wanted",
    "field_template",
    "fill_field",
    "fill_path",
    "fill_query",
    "is_false",
    "is_json",
    "part_route_name",
    "part_routes",
    "path_template",
    "query_template",
    "read_document",
    "write_document",
]
