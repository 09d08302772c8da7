"""Routes of parts: nobody but the gateway can ask for one."""

from gateway_core.composing import part_route_name, part_routes
from gateway_core.routing import Router
from tests.compositions import part, plan
from tests.exchanges import get


def test_each_part_has_a_route_to_its_upstream_that_takes_every_path() -> None:
    routes = part_routes({"detail": plan(part("a"), part("b")), "other": plan(part("a"))})
    assert list(routes) == ["detail/a", "detail/b", "other/a"]
    route = routes["detail/b"]
    assert (route.name, route.upstream) == (part_route_name("detail", "b"), "up-b")
    assert route.path_for(b"/x/%2F", {}) == b"/x/%2F"
    assert not route.websocket


def test_a_routers_routes_are_not_among_them() -> None:
    assert part_routes({}) == {}
    refusal = Router(()).match(get(b"/detail/a"))
    assert refusal.status == 404  # type: ignore[union-attr]
