import pytest

from services.orders import ORDERS, app


@pytest.fixture
def client(ask):
    inside = ask(app)
    inside.headers["X-Gateway-Secret"] = app.secrets[0].decode()
    return inside


async def test_orders_are_told_to_the_gateway(client) -> None:
    assert (await client.get("/orders")).json() == ORDERS
    assert (await client.get("/orders/102")).json() == ORDERS[1]


@pytest.mark.parametrize(("user", "ids"), [("1", [101, 102]), ("2", [103]), ("9", []), ("", [])])
async def test_orders_of_one_user(client, user, ids) -> None:
    answer = await client.get("/orders", params={"user": user})
    assert [order["id"] for order in answer.json()] == ids


async def test_an_unknown_order_is_404_in_json(client) -> None:
    answer = await client.get("/orders/9")
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


@pytest.mark.parametrize("path", ["/orders", "/orders/101", "/orders?user=1"])
async def test_everybody_else_is_refused(ask, path) -> None:
    assert (await ask(app).get(path)).status_code == 403
