"""What the gateway serves, described to clients: one OpenAPI document out of many.

    reading      a service's document, strictly      leading      where clients find its paths
    translating  its components, under new names     lifting      3.0's schemas as 3.1's
    securing     what routes ask of callers          operating    one operation, by one route
    merging      all of it, and the gateway's own pages

For users: docs/how-to/describe-your-apis.md.
"""

from .merging import Served, Told, describe, host_rules
from .reading import DOCUMENT_BYTES_MAX, Description, Flaw, read_description
from .translating import Note

__all__ = [
    "DOCUMENT_BYTES_MAX",
    "Description",
    "Flaw",
    "Note",
    "Served",
    "Told",
    "describe",
    "host_rules",
    "read_description",
]
