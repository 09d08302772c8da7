"""The schema as tables of keys."""

from gateway_server.settings.schema.outline import Outline


def test_a_table_is_found_wherever_it_may_stand() -> None:
    outline = Outline()
    assert {"gateway", "upstreams", "limits", "routes"} <= set(outline.keys(()))
    assert outline.keys(("gateway", "tls")) == ("certificate", "key")
    assert "connect_timeout" in outline.keys(("upstreams", "any name"))
    assert outline.keys(("upstreams", "any", "endpoints", 3)) == ("url", "weight")
    assert outline.keys(("routes", 7, "request_headers")) == ("set", "add", "remove")


def test_where_no_table_is_there_are_no_keys() -> None:
    outline = Outline()
    assert outline.keys(("gateway", "bind", 0)) == ()
    assert outline.keys(("nowhere", "at", 0, "all")) == ()
    assert outline.keys(("routes", 0, "request_headers", "set")) == ()
