"""Classes that interpreted ones inherit from say so."""

from compiling.opening import opened


def test_classes_that_are_inherited_from_outside_say_so_to_the_compiler_alone() -> None:
    source = "from abc import ABC\n\nclass A(ABC):\n    pass\n\nclass B:\n    pass\n"
    written = opened(source, {"A"})
    assert written.count("@mypyc_attr(allow_interpreted_subclasses=True)\nclass A(ABC)") == 1
    assert "if TYPE_CHECKING:\n    from mypy_extensions import mypyc_attr" in written
    assert "class B:\n" in written
    assert opened(source, {"C"}) == source
