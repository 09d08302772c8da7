"""Statuses in the place of others."""

import pytest

from gateway_core.errors import ConfigError
from gateway_core.transforming import StatusMap


@pytest.mark.parametrize(
    ("wanted", "said", "told"),
    [
        ({"404": 410}, 404, 410),
        ({"404": 410}, 403, 403),
        ({"5xx": 502}, 500, 502),
        ({"5xx": 502}, 599, 502),
        ({"5xx": 502}, 499, 499),
        ({"503": 503, "5xx": 502}, 503, 503),
        ({"5xx": 502, "503": 503}, 503, 503),
        ({"2xx": 200}, 201, 200),
        pytest.param({"2xx": 200}, 204, 204, id="9110-15.3.5 has no content"),
        pytest.param({"2xx": 200}, 205, 205, id="9110-15.3.6 has no content"),
        pytest.param({"2xx": 200}, 206, 206, id="9110-15.3.7 is a part"),
        pytest.param({"3xx": 302}, 304, 304, id="9110-15.4.5 is about a condition"),
        pytest.param({"2xx": 404}, 103, 103, id="9110-15.2 is no final answer"),
        ({}, 200, 200),
    ],
)
def test_a_status_is_told_in_the_place_of_another(
    wanted: dict[str, int], said: int, told: int
) -> None:
    assert StatusMap(wanted).told(said) == told


@pytest.mark.parametrize(
    ("key", "told", "problem"),
    [
        ("103", 200, "no final status"),
        ("1xx", 200, "no final status"),
        ("600", 200, "no final status"),
        ("4x4", 200, "no final status"),
        ("٤٠٤", 200, "no final status"),
        ("204", 200, "says how the message is to be read"),
        ("304", 200, "says how the message is to be read"),
        ("404", 204, "cannot be told"),
        ("404", 304, "cannot be told"),
        ("404", 101, "cannot be told"),
        ("404", 700, "cannot be told"),
    ],
)
def test_what_frames_a_message_is_neither_mapped_nor_mapped_to(
    key: str, told: int, problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem) as error:
        StatusMap({key: told})
    assert error.value.path == key
