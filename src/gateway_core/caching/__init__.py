"""A shared HTTP cache: what may be stored, for whom, for how long, and what answers from it.

    asking      what a request says               keying       which requests ask for one thing
    storing     3: may it be stored               varying      4.1: which requests it is for
    searching   No-Vary-Search: which queries     covering     what is known of a path's
    freshness   4.2: for how long                 age 4.2.3    heuristics 4.2.2
    reuse       4: may it answer, and why not     answering    the answer: 200, 206, 304, 416
    validating  4.3: asking, and taking in        invalidating 4.4: what a change makes wrong
    directives  5.2, RFC 9213                     dates, structured, conditional, ranges
    store       all of it, bounded by bytes       eviction     what stays: S3-FIFO
    status      RFC 9211: telling of it           policy       what the operator decides

Numbers are sections of RFC 9111. For users: docs/topics/cache-semantics.md.
"""

from .entry import BodyId, Entry
from .policy import CachePolicy, QueryKey
from .status import CacheNote
from .store import Store

__all__ = ["BodyId", "CacheNote", "CachePolicy", "Entry", "QueryKey", "Store"]
