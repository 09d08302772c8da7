import pytest

from services.service_a import ITEM_BYTES_MAX, app


async def test_an_item_tells_its_id_and_the_service(ask) -> None:
    answer = await ask(app).get("/items/42")
    assert answer.json() == {"service": "service_a", "item_id": "42"}


async def test_users_are_a_list(ask) -> None:
    answer = await ask(app).get("/users")
    assert [user["id"] for user in answer.json()] == [1, 2, 3]


async def test_a_posted_item_comes_back(ask) -> None:
    answer = await ask(app).post("/items", json={"name": "Lämp", "tags": [1, None]})
    assert (answer.status_code, answer.json()) == (201, {"name": "Lämp", "tags": [1, None]})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 500_000])
async def test_what_is_no_json_is_400(ask, body) -> None:
    assert (await ask(app).post("/items", content=body)).status_code == 400


async def test_an_item_too_big_to_hold_is_413(ask) -> None:
    big = b'"' + b"x" * ITEM_BYTES_MAX + b'"'
    assert (await ask(app).post("/items", content=big)).status_code == 413


async def test_the_probes_are_served_beside(ask) -> None:
    assert (await ask(app).get("/status/418")).status_code == 418
