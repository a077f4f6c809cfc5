"""Cache keys of immutable objects that are large: the same object, compared without reading it."""

from typing import Generic, TypeVar

Whole = TypeVar("Whole")


class ByIdentity(Generic[Whole]):
    """Stands for one object, which it keeps alive, so that its identity is not given to another."""

    __slots__ = ("it",)

    def __init__(self, it: Whole) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and other.it is self.it
