import pytest

from services.users import USERS, app


@pytest.fixture
def client(ask):
    inside = ask(app)
    inside.headers["X-Gateway-Secret"] = app.secrets[0].decode()
    return inside


async def test_users_are_told_to_the_gateway(client) -> None:
    assert (await client.get("/users")).json() == USERS
    assert (await client.get("/users/2")).json() == USERS[1]


@pytest.mark.parametrize("path", ["/users/9", "/users/x"])
async def test_an_unknown_user_is_404_in_json(client, path) -> None:
    answer = await client.get(path)
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


@pytest.mark.parametrize("path", ["/users", "/users/1", "/users/9", "/"])
async def test_everybody_else_is_refused(ask, path) -> None:
    assert (await ask(app).get(path)).status_code == 403
