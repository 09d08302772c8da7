import os
import socket
import stat

import pytest

from gateway_server.cli.listening import ListenError, listening


@pytest.fixture
def opened():
    """Take over what was opened, as Hypercorn does: by its descriptor."""
    taken = []

    def opened(listener) -> socket.socket:
        taken.append(socket.socket(fileno=int(listener.bind.removeprefix("fd://"))))
        return taken[-1]

    yield opened
    for sock in taken:
        sock.close()


@pytest.mark.parametrize(
    ("bind", "host", "prefix"),
    [
        ("127.0.0.1:0", "127.0.0.1", "127.0.0.1:"),
        ("localhost:0", "localhost", ""),
        (":0", "127.0.0.1", "0.0.0.0:"),
        ("[::1]:0", "::1", "[::1]:"),
    ],
)
def test_a_port_is_listened_at_and_its_real_number_told(opened, bind, host, prefix) -> None:
    with listening([bind]) as [listener]:
        opened(listener)
        assert listener.address.startswith(prefix)
        port = int(listener.address.rpartition(":")[2])
        assert port != 0
        socket.create_connection((host, port), timeout=5).close()


def test_a_unix_socket_comes_and_goes(opened, tmp_path) -> None:
    path = tmp_path / "s"
    with listening([f"unix:{path}"]) as [listener]:
        opened(listener)
        assert listener.address == f"unix:{path}"
        assert stat.S_ISSOCK(path.stat().st_mode)
    assert not path.exists()


def test_an_abandoned_unix_socket_is_replaced(opened, tmp_path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    with listening([f"unix:{path}"]) as [listener]:
        opened(listener)


def test_a_live_unix_socket_is_left_to_its_owner(tmp_path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as owner:
        owner.bind(str(path))
        owner.listen()
        with pytest.raises(ListenError, match="another program"), listening([f"unix:{path}"]):
            pytest.fail("it listens")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_file_is_never_removed_for_a_socket(tmp_path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(ListenError), listening([f"unix:{path}"]):
        pytest.fail("it listens")
    assert path.read_text() == "data"


def test_an_inherited_socket_is_taken_over(opened) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*sock.getsockname())
        with listening([f"fd://{sock.detach()}"]) as [listener]:
            opened(listener)
            assert listener.address == address


@pytest.mark.parametrize(
    ("bind", "reason"),
    [
        ("fd://999999", "Bad file descriptor"),
        ("192.0.2.1:8000", "this machine has no such address"),
        ("no-such-host.invalid:8000", "the host is not known"),
        ("unix:/no/such/folder/s", "No such file"),
    ],
)
def test_an_address_that_cannot_be_is_told_in_a_line(bind, reason) -> None:
    with pytest.raises(ListenError, match=reason) as told, listening([bind]):
        pytest.fail("it listens")
    assert str(told.value).startswith(f"cannot listen at {bind}: ")


def test_a_datagram_socket_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        with (
            pytest.raises(ListenError, match="stream"),
            listening([f"fd://{os.dup(sock.fileno())}"]),
        ):
            pytest.fail("it listens")


def test_of_several_all_are_closed_if_one_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        used = taken.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as other:
            free = other.getsockname()[1]
        binds = [f"127.0.0.1:{free}", f"127.0.0.1:{used}"]
        with pytest.raises(ListenError, match=f"{used}: another program"), listening(binds):
            pytest.fail("it listens")
    socket.create_server(("127.0.0.1", free)).close()


def test_a_port_is_not_shared_with_one_who_would_share_it() -> None:
    """Hypercorn's own sockets set SO_REUSEPORT, and two gateways would take turns."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match="another program"), listening([f"127.0.0.1:{port}"]):
            pytest.fail("it listens")
