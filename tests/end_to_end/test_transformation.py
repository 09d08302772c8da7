"""What a route changes by values of the request, as the upstream sees it."""

from tests.road import Road, ask, request, response

CHANGES = """
request_headers.set = { X-Client = "{client}", X-Who = "{consumer}", X-Asked = "{query.q}" }
request_query = { set = { page = "1", q = "<{query.q}>" }, remove = ["debug"] }
"""


async def test_the_upstream_sees_what_the_route_sets_and_not_what_the_client_says(
    road: Road,
) -> None:
    up = await road.upstream(response())
    gateway = await road.gateway_to(up.port, route=CHANGES)
    forged = ("X-Client: 10.0.0.1", "X_Client: 10.0.0.1", "X-Who: root")
    answer = await ask(gateway, request("/x?debug=1&q=a%0D%0AX-Evil:%20b&z=%7a", *forged))
    assert answer.status == 200
    line, _, fields = up.received[0].lower().partition(b"\r\n")
    assert line == (b"get /x?z=%7a&page=1&q=%3ca%0d%0ax-evil%3a%20b%3e http/1.1")
    assert b"\r\nx-client: 127.0.0.1\r\n" in fields
    assert b"x-asked: a%0d%0ax-evil: b" in fields
    for forged_one in (b"10.0.0.1", b"root", b"\r\nx-evil"):
        assert forged_one not in fields


async def test_a_parameter_whose_value_is_missing_is_left_out(road: Road) -> None:
    up = await road.upstream(response())
    gateway = await road.gateway_to(up.port, route=CHANGES)
    await ask(gateway, request("/x"))
    assert up.received[0].startswith(b"GET /x?page=1 HTTP/1.1\r\n")
    assert b"x-asked" not in up.received[0].lower()
