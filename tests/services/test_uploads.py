import hashlib

import httpx
import pytest
import trio
from starlette.requests import Request

from services import uploads
from services.uploads import FILES_MAX, app

HELLO = hashlib.sha256(b"hello").hexdigest()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UPLOADS_DIR", str(tmp_path / "in"))
    return tmp_path / "in"


@pytest.fixture
async def port(folder, start) -> int:
    return await start(app)


@pytest.fixture
async def client(port):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_body_becomes_a_file(client, folder, method) -> None:
    fields = {"Content-Type": "text/plain"}
    answer = await client.request(method, "/uploads/a.txt", content=b"hello", headers=fields)
    assert answer.status_code == 201
    assert answer.json() == {
        "name": "a.txt",
        "size": 5,
        "sha256": HELLO,
        "media_type": "text/plain",
    }
    assert (folder / "a.txt").read_bytes() == b"hello"
    assert (await client.get("/uploads")).json() == [{"name": "a.txt", "size": 5}]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"Content-Disposition": 'attachment; filename="a b.txt"'}, "a b.txt"),
        ({"Content-Disposition": 'attachment; filename="../../x"'}, "x"),
        ({"X-File-Name": "%C5%BC.txt"}, "ż.txt"),
        ({"X-File-Name": "..%2F..%2Fetc%2Fpasswd"}, "passwd"),
        ({"Content-Disposition": "attachment"}, "upload"),
        ({}, "upload"),
    ],
)
async def test_a_file_is_named_by_its_fields(client, folder, fields, name) -> None:
    answer = await client.post("/uploads", content=b"hello", headers=fields)
    assert answer.json()["name"] == name
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize("target", ["/uploads/..%2Fx", "/uploads/%2e%2e", "/uploads/.hidden"])
async def test_a_name_never_leaves_the_folder(client, folder, target) -> None:
    answer = await client.put(target, content=b"x")
    assert answer.status_code in {201, 404}
    assert [path.name for path in folder.parent.iterdir()] == ["in"]
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


async def test_nothing_is_overwritten(client, folder) -> None:
    names = [(await client.put("/uploads/a", content=c)).json()["name"] for c in (b"1", b"2")]
    assert [(name, (folder / name).read_bytes()) for name in names] == [("a", b"1"), ("a-1", b"2")]


async def test_a_form_with_one_file_answers_like_a_body(client) -> None:
    answer = await client.post("/uploads", files={"f": ("a.txt", b"hello")}, data={"note": "x"})
    assert answer.json() == {
        "name": "a.txt",
        "size": 5,
        "sha256": HELLO,
        "media_type": "text/plain",
    }


async def test_a_form_with_several_files_answers_a_list(client, folder) -> None:
    parts = [("f", ("a", b"hello")), ("f", ("a", b"")), ("g", ("c", bytes(300_000)))]
    told = (await client.post("/uploads", files=parts)).json()["files"]
    assert [(file["name"], file["size"]) for file in told] == [("a", 5), ("a-1", 0), ("c", 300_000)]
    assert told[2]["sha256"] == hashlib.sha256(bytes(300_000)).hexdigest()
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        pytest.param("multipart/form-data", b"--x--\r\n", 400, id="no boundary"),
        pytest.param("multipart/form-data; boundary=x", b"GIF", 400, id="no form"),
        pytest.param("multipart/form-data; boundary=x", b"", 400, id="empty"),
        pytest.param(
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name=f; filename="a"\r\n\r\nabc',
            400,
            id="no end",
        ),
        pytest.param(
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nabc\r\n--x--\r\n',
            400,
            id="no file",
        ),
        pytest.param(
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name=f; filename="a"\r\n\r\n\r\n'
            * (FILES_MAX + 1)
            + b"--x--\r\n",
            413,
            id="too many files",
        ),
    ],
)
async def test_a_bad_form_leaves_nothing(client, folder, media_type, body, status) -> None:
    answer = await client.post("/uploads", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert list(folder.iterdir()) == []


async def test_a_client_that_leaves_leaves_nothing(port, folder) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(
            b"PUT /uploads/a HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + bytes(200_000)
        )
        await until(lambda: len(list(folder.iterdir())) == 1)
    await until(lambda: list(folder.iterdir()) == [])


async def test_too_much_is_refused_before_it_is_read(port, folder) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(
            b"PUT /uploads/a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
        )
        assert b" 413 " in await stream.receive_some(1000)
    assert list(folder.iterdir()) == []


async def test_a_body_of_unknown_length_is_counted(monkeypatch) -> None:
    monkeypatch.setattr(uploads, "BODY_BYTES_MAX", 10)

    async def receive():
        return {"type": "http.request", "body": b"12345678", "more_body": True}

    body = uploads.bounded(Request({"type": "http", "headers": []}, receive))
    assert await anext(body) == b"12345678"
    with pytest.raises(Exception) as refused:
        await anext(body)
    assert refused.value.status_code == 413


async def test_a_client_that_says_nothing_is_given_up(autojump_clock) -> None:
    async def receive():
        await trio.sleep_forever()

    began = trio.current_time()
    with pytest.raises(trio.TooSlowError):
        await anext(uploads.bounded(Request({"type": "http", "headers": []}, receive)))
    assert trio.current_time() - began == pytest.approx(uploads.SILENCE_MAX)


async def test_a_disk_that_fails_is_507(client, folder) -> None:
    await client.get("/uploads")
    folder.rmdir()
    answer = await client.put("/uploads/a", content=b"x")
    assert answer.status_code == 507
    assert str(folder) not in answer.text
    folder.mkdir()


async def test_without_a_folder_a_temporary_one_comes_and_goes(monkeypatch) -> None:
    monkeypatch.delenv("UPLOADS_DIR", raising=False)
    async with uploads.lifespan(app) as state:
        folder = state["inbox"].folder
        assert folder.is_dir()
    assert not folder.exists()


async def until(condition) -> None:
    with trio.fail_after(10):
        while not condition():
            await trio.sleep(0.01)
