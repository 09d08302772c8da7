"""What the operator may decide, and what is refused at start-up."""

import pytest

from gateway_core.errors import ConfigError
from gateway_core.forwarding.rules import DEFAULT_RULES, Believed, ForwardingRules, check_edits
from gateway_core.message import FieldEdits


def test_the_defaults_trust_nobody_and_keep_proxy_credentials_here() -> None:
    assert ForwardingRules() == DEFAULT_RULES
    assert not DEFAULT_RULES.trusted.networks
    assert not DEFAULT_RULES.forward_proxy_authorization
    assert DEFAULT_RULES.believed is Believed.EITHER


@pytest.mark.parametrize("pseudonym", [b"", b"two words", b"a,b", b"g(comment)", b"host:80\r\n"])
def test_a_pseudonym_must_be_a_token(pseudonym: bytes) -> None:
    """RFC 9110, 7.6.3: pseudonym = token."""
    with pytest.raises(ConfigError, match="is no token") as caught:
        ForwardingRules(pseudonym=pseudonym)
    assert caught.value.path == "pseudonym"


@pytest.mark.parametrize("name", [b"", b"X-Secret", b"x secret", b"x:secret"])
def test_a_reserved_name_must_be_a_lower_case_field_name(name: bytes) -> None:
    with pytest.raises(ConfigError, match="is no field name in lower case") as caught:
        ForwardingRules(reserved=frozenset({name}))
    assert caught.value.path == "reserved"


def test_harmless_edits_pass() -> None:
    check_edits(
        FieldEdits(remove=frozenset({b"server"}), set=((b"x-team", b"a b"),), add=((b"link", b""),))
    )


@pytest.mark.parametrize(
    ("edits", "path", "cure"),
    [
        (FieldEdits(remove=frozenset({b"Server"})), "remove", "lower case"),
        (FieldEdits(remove=frozenset({b"connection"})), "remove.connection", "to one connection"),
        (FieldEdits(set=((b"host", b"a"),)), "set.host", "preserve_host"),
        (FieldEdits(set=((b"content-length", b"1"),)), "set.content-length", "to one connection"),
        (FieldEdits(add=((b"transfer-encoding", b"x"),)), "add.transfer-encoding", "connection"),
        (FieldEdits(set=((b"x-a", b"1\r\nb: 2"),)), "set.x-a", "control character"),
        (FieldEdits(add=((b"x-a", b" 1"),)), "add.x-a", "white space"),
    ],
)
def test_edits_that_break_a_message_are_refused(edits: FieldEdits, path: str, cure: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_edits(edits)
    assert caught.value.path == path
    assert cure in caught.value.problem
