"""What a Host field, or the authority of a request target, may say (RFC 9110, section 7.2)."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

_PORT_MAX: Final = 65535
_AUTHORITY: Final = re.compile(
    rb"(?:[0-9A-Za-z._~-]{1,255}+"  # a name or an IPv4 address
    rb"|\[([0-9A-Fa-f:.]{2,45}+)\])"  # an IPv6 address
    rb"(?::([0-9]{0,5}+))?"
)


def is_authority(value: bytes) -> bool:
    """Tell whether `value` is `host` or `host:port`, without user info.

    Stricter than RFC 3986, section 3.2.2, which lets a name also hold percent-encoded
    bytes and any of !$&'()*+,;= : no resolver knows such a name, a comma is what two Host
    lines become when somebody joins them, and the rest is what injections are made of. The
    host is not empty and an IPv6 address is one; a port may be empty (section 3.2.3).
    """
    match = _AUTHORITY.fullmatch(value)
    if match is None:
        return False
    address, port = match.groups()
    if port and int(port) > _PORT_MAX:
        return False
    return address is None or _is_ipv6(address.decode("ascii"))


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True
