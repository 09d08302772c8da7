"""What templates and expressions may name."""

import pytest

from gateway_core.composing import field_template
from gateway_core.errors import ConfigError
from gateway_core.transforming.roots import check_template, claims_named, fields_named


@pytest.mark.parametrize(
    "text",
    ["{consumer}", "{claims.email}", "{claims.address.city}", "{id}", "{path.id}", "{query.q}"],
)
def test_what_a_request_has_may_be_named(text: str) -> None:
    check_template("key", field_template(text), ("id",))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{claims}", "name one of them: claims.NAME"),
        ("{headers}", "name one of them: headers.NAME"),
        ("{body.x}", "body is nothing here"),
        ("{path.x}", "the path binds no x"),
        ("{@}", "@ is nothing here"),
    ],
)
def test_what_leads_nowhere_is_told_with_its_key(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_template("key", field_template(text), ("id",))
    assert error.value.path == "key"
    assert problem in error.value.problem


def test_fields_and_claims_are_found_among_references() -> None:
    references = {("headers", "X_Team"), ("headers", "x-a"), ("headers",), ("claims", "email", "x")}
    assert fields_named(references) == (b"x-a", b"x-team")
    assert claims_named({*references, ("client",), ()}) == {"email"}
