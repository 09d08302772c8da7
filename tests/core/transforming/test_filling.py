"""Fields whose values are worked out for one request."""

from gateway_core.composing import field_template
from gateway_core.transforming.filling import filled


def test_lines_come_in_order_and_without_what_is_missing_or_no_text() -> None:
    names = {"x-a": "{a}", "x-none": "{none}", "x-list": "1{list}", "x-b": "b"}
    lines = [(name.encode(), field_template(text)) for name, text in names.items()]
    assert filled(lines, {"a": "1\r\n2", "list": []}) == ((b"x-a", b"1%0D%0A2"), (b"x-b", b"b"))
