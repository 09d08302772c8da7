"""The bounds that the gateway promises."""

from gateway_core.http1.limits import (
    CONTENT_LENGTH_DIGITS_MAX,
    DEFAULT_LIMITS,
    METHOD_BYTES_MAX,
    Limits,
)


def test_the_defaults_are_what_the_specification_promises() -> None:
    assert Limits(head_bytes_max=65536, fields_max=200, target_bytes_max=16384) == DEFAULT_LIMITS


def test_every_registered_method_fits() -> None:
    assert len("UPDATEREDIRECTREF") <= METHOD_BYTES_MAX


def test_every_length_that_passes_fits_into_63_bits() -> None:
    assert 10**CONTENT_LENGTH_DIGITS_MAX - 1 < 2**63
