"""`[routes.compose]`: the example of the manual, and every mistake with its place and a cure."""

import json

import pytest

from gateway_core.clock import seconds
from gateway_core.composing import Plan
from gateway_server.settings.caching import build_caching
from gateway_server.settings.compositions import build_compositions
from tests.configurations import only, read, told

UPSTREAMS = """\
[upstreams.products]
endpoints = ["http://127.0.0.1:8003"]
[upstreams.prices]
endpoints = ["http://127.0.0.1:8004"]
"""
EXAMPLE = (
    UPSTREAMS
    + """\
[[routes]]
name = "product-detail"
path = "/produto/{id}"
methods = ["GET"]
[routes.compose]
deadline = "2s"
parts.produto = { upstream = "products", path = "/produtos/{id}", required = true }
parts.preco = { upstream = "prices", path = "/precos/{id}", required = false, default = { valor = 0 } }
body = { id = "produto.id", nome = "produto.nome", descricao = "produto.descricao", preco = "preco.valor" }   # JMESPath
"""
)


def plan(text: str) -> Plan:
    (found,) = build_compositions(read(text)).values()
    return found


def composed(keys: str, path: str = "/x/{id}") -> str:
    """A route whose part `a` asks `products`, with more keys of [routes.compose]."""
    return f"""{UPSTREAMS}
[[routes]]
name = "x"
path = "{path}"
[routes.compose]
parts.b = {{ upstream = "prices", path = "/b" }}
{keys}
"""


def test_the_example_is_read_as_it_is_meant() -> None:
    assert told(EXAMPLE) == ()
    found = plan(EXAMPLE)
    produto, preco = found.parts
    assert (produto.required, produto.upstream, produto.path.text) == (
        True,
        "products",
        "/produtos/{id}",
    )
    assert (preco.required, preco.default) == (False, {"valor": 0})
    assert found.deadline == seconds(2)
    assert found.body is not None
    assert [place for place, _ in found.body.expressions] == ["id", "nome", "descricao", "preco"]
    assert found.stages() == ((produto, preco),)
    assert found.params == {"id"}


def test_all_keys_of_a_part_reach_the_core() -> None:
    keys = """
    envelope = true
    body = "a"
    [routes.compose.parts.a]
    upstream = "products"
    path = "/{item}"
    method = "POST"
    query = { page = "{query.page}" }
    headers = { X-Team = "{headers.x_team}" }
    body = { b = "b" }
    timeout = "1s"
    required = false
    default = [1, { x = "y" }]
    when = "b.more"
    each = "b.items"
    max_items = 5
    parallel = 2
    max_body = "2KiB"
    pass_statuses = [403]
    """
    found = plan(composed(keys))
    (part,) = [each for each in found.parts if each.name == "a"]
    assert found.envelope
    assert part.method == "POST"
    assert [name for name, _ in part.query] == ["page"]
    assert [name for name, _ in part.fields] == [b"x-team"]
    assert part.body is not None
    assert part.timeout == seconds(1)
    assert part.default == [1, {"x": "y"}]
    assert part.when is not None
    assert part.each is not None
    assert (part.items_max, part.parallel, part.body_max) == (5, 2, 2048)
    assert part.passed == {403}
    assert found.needs["a"] == {"b"}


def test_a_prefix_binds_nothing_and_may_be_composed_all_the_same() -> None:
    found = plan(composed('body = "b"').replace('path = "/x/{id}"', 'prefix = "/x"'))
    assert found.params == frozenset()


@pytest.mark.parametrize(
    ("keys", "path", "message"),
    [
        ('parts.a = { upstream = "products", path = "a" }', "parts.a.path", "begin with a slash"),
        (
            'parts.a = { upstream = "products", path = "/{nosuch}" }',
            "parts.a.path",
            "'nosuch', character 1: nosuch is nothing; known: a, b, body, claims, client, ",
        ),
        (
            'parts.a = { upstream = "products", path = "/", query = { q = "{a..b}" } }',
            "parts.a.query.q",
            "'a..b', character 3: '.' cannot stand here",
        ),
        (
            'parts.a = { upstream = "products", path = "/", headers = { Host = "x" } }',
            "parts.a.headers.Host",
            "Host is the upstream's",
        ),
        (
            'parts.a = { upstream = "products", path = "/", headers = { X = "é" } }',
            "parts.a.headers.X",
            "ASCII only",
        ),
        (
            'parts.a = { upstream = "products", path = "/", when = "a ||" }',
            "parts.a.when",
            "character 5: the expression is not complete",
        ),
        (
            'parts.a = { upstream = "products", path = "/", each = "nosuch(b)" }',
            "parts.a.each",
            "there is no function 'nosuch'",
        ),
        (
            'parts.a = { upstream = "products", path = "/", method = "POST", body = { x = "(" } }',
            "parts.a.body.x",
            "character 2",
        ),
        (
            'parts.a = { upstream = "products", path = "/{a.x}" }',
            "parts.a",
            "a waits for a: none of them can be asked first",
        ),
        (
            'parts.a = { upstream = "products", path = "/", default = 1 }',
            "parts.a.default",
            "say required = false",
        ),
        ('parts.a-b = { upstream = "products", path = "/" }', "parts.a-b", "cannot be a part's"),
        ('parts.id = { upstream = "products", path = "/" }', "parts.id", "rename one"),
        ('body = { x = "length()" }', "body.x", "length() takes 1 arguments, not 0"),
        ('body = "[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]"', "body", "256 times"),
        ("body = 7", "body", "is neither an expression nor a table of them"),
        ("body = { x = [1] }", "body", "is neither an expression nor a table of them"),
        ("parts.b.default = 2020-01-01", "parts.b.default", "nothing that JSON can say"),
        ("parts.b.max_items = 0", "parts.b.max_items", "must be from 1 to 1000"),
        ("parts.b.pass_statuses = [200]", "parts.b.pass_statuses[0]", "must be from 300 to 599"),
    ],
)
def test_a_mistake_has_its_place(keys: str, path: str, message: str) -> None:
    text = composed(keys)
    if keys.startswith("parts.b."):
        base, _, added = keys.partition(" = ")
        key = base.removeprefix("parts.b.")
        text = composed("").replace('path = "/b" }', f'path = "/b", {key} = {added} }}')
    problem = next(p for p in told(text) if p.severity.value == "error")
    assert problem.path == f"routes[0].compose.{path}"
    assert message in problem.message
    assert problem.line > 0


def test_a_part_whose_upstream_is_not_there_is_told_with_a_near_miss() -> None:
    keys = 'parts.a = { upstream = "product", path = "/" }'
    problem = next(p for p in told(composed(keys)) if p.severity.value == "error")
    assert problem.path == "routes[0].compose.parts.a.upstream"
    assert problem.help == 'did you mean "products"?'


def test_upstreams_that_only_parts_lead_to_are_led_to() -> None:
    assert told(composed('parts.a = { upstream = "products", path = "/" }')) == ()
    warning = only(told(composed("")))
    assert 'no route leads to the upstream "products"' in warning.message


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("strip_prefix = true", "each part has a path of its own"),
        ('rewrite = "/y"', "each part has a path of its own"),
        ('request_headers = { remove = ["X"] }', "each part has headers of its own"),
        ('upstream = "products"', "upstream or compose, not both"),
    ],
)
def test_what_means_nothing_beside_compose_is_a_mistake(key: str, message: str) -> None:
    text = composed("").replace('name = "x"', f'name = "x"\n{key}')
    if key.startswith("strip"):
        text = text.replace("path = ", "prefix = ", 1).replace("/{id}", "")
    assert any(message in problem.message for problem in told(text))


def test_a_route_that_says_neither_is_told_both() -> None:
    problems = told(f'{UPSTREAMS}[[routes]]\nname = "x"\nprefix = "/"\n')
    (problem,) = [each for each in problems if each.path == "routes[0].upstream"]
    assert "[routes.compose]" in problem.help


def test_defaults_are_json_whatever_the_syntax_can_say() -> None:
    text = {
        "upstreams": {"a": {"endpoints": ["http://127.0.0.1:1"]}},
        "routes": [
            {
                "name": "x",
                "path": "/x",
                "compose": {
                    "parts": {
                        "a": {
                            "upstream": "a",
                            "path": "/",
                            "required": False,
                            "default": {"t": "${T:-x}", "n": None, "l": [True, 1.5]},
                        }
                    }
                },
            }
        ],
    }
    (found,) = build_compositions(read(json.dumps(text), ".json")).values()
    assert found.parts[0].default == {"t": "x", "n": None, "l": [True, 1.5]}
    assert type(found.parts[0].default["t"]) is str  # type: ignore[index, call-overload]


def test_a_part_may_store_what_it_is_answered_and_the_whole_may_not() -> None:
    text = composed("").replace('path = "/b" }', 'path = "/b", cache = { ttl = "30s" } }')
    assert build_caching(read(text))["x/b"].ttl == 30
    wrong = composed("").replace('path = "/b" }', 'path = "/b", cache = { force = true } }')
    (problem,) = [each for each in told(wrong) if each.severity.value == "error"]
    assert problem.path == "routes[0].compose.parts.b.cache.force"
    whole = composed("").replace('name = "x"', 'name = "x"\ncache = {}')
    assert any("its parts may have one" in each.help for each in told(whole))
