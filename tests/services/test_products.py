import pytest

from services.products import PRODUCTS, PRODUTOS, app


async def test_products_are_listed(ask) -> None:
    assert (await ask(app).get("/products")).json() == PRODUCTS


@pytest.mark.parametrize(
    ("path", "keys"),
    [("/products/2", {"id", "name", "description"}), ("/produtos/2", {"id", "nome", "descricao"})],
)
async def test_a_product_is_told_in_two_languages(ask, path, keys) -> None:
    answer = (await ask(app).get(path)).json()
    assert (answer.keys(), answer["id"]) == (keys, 2)


@pytest.mark.parametrize("path", ["/products/9", "/produtos/9", "/products/x", "/produtos/01"])
async def test_an_unknown_product_is_404_in_json(ask, path) -> None:
    answer = await ask(app).get(path)
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_both_languages_tell_of_the_same_products() -> None:
    assert [p["id"] for p in PRODUCTS] == [p["id"] for p in PRODUTOS]
