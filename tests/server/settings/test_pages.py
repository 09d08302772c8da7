"""Which paths the gateway answers itself."""

import pytest

from gateway_core.routing import Router
from gateway_server.portal.files import ASSETS
from gateway_server.settings.build import build_routes
from gateway_server.settings.pages import own_pages
from tests.configurations import ROUTE, only, read, told

PORTAL = {b"/docs", b"/openapi.json", *ASSETS}


def pages(text: str) -> set[bytes]:
    settings = read(text)
    return set(own_pages(settings, Router(build_routes(settings))))


def test_all_of_them_are_on_by_default() -> None:
    assert pages(ROUTE) == {b"/", b"/livez", b"/readyz", *PORTAL}


def test_they_can_be_turned_off() -> None:
    assert pages(f"portal = {{ enabled = false }}\n{ROUTE}") == {b"/", b"/livez", b"/readyz"}
    assert pages(f"gateway = {{ endpoints = false }}\n{ROUTE}") == PORTAL


@pytest.mark.parametrize(
    ("key", "gone"),
    [
        ('path = "/docs"', PORTAL - {b"/openapi.json"}),
        ('prefix = "/docs"', PORTAL - {b"/openapi.json"}),
        ('prefix = "/docs/"', PORTAL - {b"/openapi.json"}),
        ('path = "/docs/page.css"', PORTAL - {b"/openapi.json"}),
        ('path = "/openapi.json"', {b"/openapi.json"}),
        ('prefix = "/doc"', set()),
        ('path = "/docs/{rest...}"', set()),
        ('path = "/{any}"', set()),
    ],
)
def test_the_portal_yields_to_what_is_called_so(key: str, gone: set[bytes]) -> None:
    own = pages(ROUTE.replace('prefix = "/a"', key))
    assert PORTAL - own == gone


def test_a_catch_all_takes_the_root_alone() -> None:
    assert b"/" not in pages(ROUTE.replace('prefix = "/a"', 'prefix = "/"'))
    assert pages(ROUTE.replace('prefix = "/a"', 'prefix = "/"')) >= PORTAL


@pytest.mark.parametrize("value", ['"openapi.json"', '"/a b"', '"/a#b"', "3", '"http://x/y"'])
def test_where_a_document_is_published_is_a_path(value: str) -> None:
    problem = only(told(ROUTE.replace("\n\n", f"\nopenapi = {value}\n\n", 1)))
    assert problem.path == "upstreams.a.openapi"
    assert "/openapi.json" in (problem.help or "")


@pytest.mark.parametrize("refresh", ['"5s"', '"2d"', "300"])
def test_documents_are_fetched_neither_all_the_time_nor_never(refresh: str) -> None:
    problem = only(told(f"portal = {{ refresh = {refresh} }}\n{ROUTE}"))
    assert problem.path == "portal.refresh"
