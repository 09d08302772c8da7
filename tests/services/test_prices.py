import pytest

from services.prices import app


@pytest.mark.parametrize(
    ("path", "told"),
    [("/prices/1", {"id": 1, "price": 49.9}), ("/precos/1", {"id": 1, "valor": 49.9})],
)
async def test_a_price_is_told_in_two_languages(ask, path, told) -> None:
    assert (await ask(app).get(path)).json() == told


@pytest.mark.parametrize("path", ["/prices/3", "/precos/3", "/prices/x", "/precos/01"])
async def test_what_has_no_price_is_404_in_json(ask, path) -> None:
    answer = await ask(app).get(path)
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])
