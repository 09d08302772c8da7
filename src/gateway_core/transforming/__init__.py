"""What a route changes of what passes, beside what forwarding does everywhere.

    requests   fields and query, by values of the request
    answers    status and fields, and which documents are rewritten
    statuses   404 = 410
    rewriting  a JSON document, made anew
    roots      what the templates and expressions of all these see

For users: docs/topics/transformation.md.
"""

from .answers import AnswerChange
from .requests import Transformation
from .rewriting import Otherwise, Rewriting
from .statuses import StatusMap

__all__ = ["AnswerChange", "Otherwise", "Rewriting", "StatusMap", "Transformation"]
