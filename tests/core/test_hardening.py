"""What answers tell browsers for safety."""

from gateway_core.hardening import SECURITY_FIELDS, security_fields


def test_without_tls_nobody_is_told_to_use_it() -> None:
    assert b"strict-transport-security" not in dict(security_fields("http"))
    assert dict(security_fields("https"))[b"strict-transport-security"] == b"max-age=31536000"


def test_whatever_is_told_is_taken_off_what_services_say() -> None:
    assert {name for name, _ in security_fields("https")} == SECURITY_FIELDS
    assert {name for name, _ in security_fields("http")} < SECURITY_FIELDS
