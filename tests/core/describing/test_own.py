"""The gateway's own pages, as it describes them."""

from gateway_core.describing.own import PROBLEM, own_operations, refusal

ALL = frozenset({b"/", b"/livez", b"/readyz", b"/token", b"/users/me", b"/openapi.json", b"/docs"})


def test_each_page_that_is_there_and_for_others_than_browsers_is_described() -> None:
    told = [(path, method) for path, method, _ in own_operations(ALL, [])]
    gets = {(path.decode(), "get") for path in ALL - {b"/docs", b"/token"}}
    assert set(told) == gets | {("/token", "post")}
    assert [path for path, _, _ in own_operations(frozenset({b"/livez"}), [])] == ["/livez"]
    ids = [operation["operationId"] for _, _, operation in own_operations(ALL, [])]
    assert len(set(map(str, ids))) == len(told)


def test_the_page_about_oneself_asks_what_it_asks_and_no_other_page_does() -> None:
    told = {path: op["security"] for path, _, op in own_operations(ALL, [{"members": []}])}
    assert told.pop("/users/me") == [{"members": []}]
    assert set(map(str, told.values())) == {"[]"}


def test_a_refusal_is_a_problem() -> None:
    told = refusal("No.")
    assert told["description"] == "No."
    assert f"#/components/schemas/{PROBLEM}" in str(told["content"])
