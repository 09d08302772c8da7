"""Names that nobody else has."""

from hypothesis import given
from hypothesis import strategies as st

from gateway_core.describing.naming import Names, tag_of


def test_a_name_says_whose_it_is() -> None:
    names = Names()
    assert names.take("users", "User") == "users.User"
    assert names.take("orders", "User") == "orders.User"
    assert names.take("shop", "Page<Item>") == "shop.Page_Item_"


def test_who_owns_what_may_be_written_alike_and_is_told_apart() -> None:
    names = Names()
    assert names.take("a.b", "c") == "a.b.c"
    assert names.take("a", "b.c") == "a.b.c-2"
    assert names.take("a", "b/c") == "a.b_c"
    assert names.take("a", "b c") == "a.b_c-2"


@given(st.lists(st.tuples(st.text("ab.-2", max_size=3), st.text("ab.-2/", max_size=4))))
def test_no_name_is_given_twice(wanted: list[tuple[str, str]]) -> None:
    names = Names()
    given_names = [names.take(*pair) for pair in wanted]
    assert len(set(given_names)) == len(given_names)


def test_a_tag_says_whose_it_is_unless_it_is_the_service() -> None:
    assert tag_of("users", "admin") == "users: admin"
    assert tag_of("users", "") == tag_of("users", "Users") == "users"
