"""Names for requests."""

from gateway_server.identifiers import fresh_id


def test_ids_are_long_and_never_come_twice() -> None:
    ids = [fresh_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(len(each) == 32 and set(each) <= set("0123456789abcdef") for each in ids)
