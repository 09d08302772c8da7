"""What an answer is given as: the upstream's bytes, or a compressed form of them."""

from ..compressing import compressed
from ..message import RequestHead, ResponseHead
from .admission import Admission
from .commands import Respond
from .policies import Policies


def encoded(
    head: ResponseHead, asked: RequestHead, admission: Admission, policies: Policies
) -> tuple[ResponseHead, str]:
    """Return the head to answer `asked` with, and the coding of the body behind it; "" for none."""
    rule = policies.compressions.get(admission.match.route.name)
    if rule is None:
        return head, ""
    made, coding = compressed(head, asked.fields, rule)
    if asked.method == "HEAD":  # it is told what GET would be, and has no body (RFC 9110, 9.3.2)
        return ResponseHead(head.status, made.fields, 0), ""
    return made, coding


def respond(
    head: ResponseHead, body: bytes, asked: RequestHead, admission: Admission, policies: Policies
) -> Respond:
    """Return the command that gives an answer which is here whole, compressed or not."""
    head, coding = encoded(head, asked, admission, policies)
    return Respond(head, body, close=False, coding=coding)
