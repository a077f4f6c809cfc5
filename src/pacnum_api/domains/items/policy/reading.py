"""Reading parts of an answer's JSON, keeping every fault with its JSON pointer."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from pacnum_api.domains.items.policy.labels import Labelled
from pacnum_api.domains.items.policy.numbers import from_json, readings
from pacnum_api.kernel.errors import FieldFault

_A_NUMBER: Final = 'expected a number below 10^15, such as 1234.5 or "1 234,5"'


class Rejected(Exception):
    """The answer's shape is so wrong that nothing below can be read."""


class Reader:
    """Reads values, notes faults under a pointer, and gives harmless values in their place."""

    def __init__(self, pointer: str, faults: list[FieldFault] | None = None) -> None:
        """Read below ``pointer``; ``faults`` is shared by the readers of one answer."""
        self._pointer = pointer
        self.faults: list[FieldFault] = [] if faults is None else faults

    def below(self, path: str) -> "Reader":
        """A reader of what is deeper, noting into the same list."""
        return Reader(self._pointer + path, self.faults)

    def fault(self, at: str, message: str) -> None:
        """Note a fault."""
        self.faults.append(FieldFault(self._pointer + at, message))

    def members(self, response: object, *, of_type: str) -> Mapping[str, object]:
        """The members of an answer of this type. Raises Rejected when it is something else."""
        if not isinstance(response, Mapping):
            self.fault("", f"expected an object with the type {of_type!r}, or null to skip")
            raise Rejected
        if response.get("type") != of_type:
            self.fault("/type", f"expected {of_type!r}")
            raise Rejected
        return response

    def only(self, members: Mapping[str, object], *names: str) -> None:
        """Fault every member that this type does not have; its name is not echoed."""
        if members.keys() - {"type", *names}:
            listed = " and ".join(names)
            self.fault("", f"expected no other members than type and {listed}")

    def label(self, value: object, known: Labelled, *, at: str = "") -> str:
        """A label, as its author's id."""
        author_ids = known.author_ids()
        if isinstance(value, str) and value in author_ids:
            return author_ids[value]
        self.fault(at, f"expected one of {', '.join(author_ids)}")
        return ""

    def labels(
        self, value: object, known: Labelled, *, at: str, count: tuple[int, int]
    ) -> tuple[str, ...]:
        """Different labels, between two counts of them, as author's ids."""
        fewest, most = count
        expected = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        if not isinstance(value, list | tuple) or not fewest <= len(value) <= most:
            self.fault(at, f"expected a list of {expected} of {', '.join(known.labels())}")
            return ()
        ids = tuple(
            self.label(member, known, at=f"{at}/{place}") for place, member in enumerate(value)
        )
        for place, author_id in enumerate(ids):
            if author_id and author_id in ids[:place]:
                self.fault(f"{at}/{place}", "expected each only once")
        return ids

    def mapping(self, value: object, known: Labelled, *, at: str) -> dict[str, object]:
        """An object whose keys are labels: its values by author's id. At least one."""
        if not isinstance(value, Mapping) or not value:
            self.fault(at, f"expected an object with at least one of {', '.join(known.labels())}")
            return {}
        author_ids = known.author_ids()
        if value.keys() - author_ids.keys():
            self.fault(at, f"expected no other members than {', '.join(author_ids)}")
        return {author_ids[name]: member for name, member in value.items() if name in author_ids}

    def text(self, value: object, *, longest: int, at: str = "") -> str:
        """Some written words."""
        if not isinstance(value, str) or not value.strip():
            self.fault(at, "expected a text that is not empty")
            return ""
        if len(value) > longest:
            self.fault(at, f"expected at most {longest} characters")
        elif any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in value):
            # NUL and lone surrogates cannot even be stored
            self.fault(at, "expected one line of text without control characters")
        return value

    def number(
        self, value: object, *, at: str = "", units: Sequence[str] = ()
    ) -> tuple[Decimal, ...]:
        """A number, typed or in JSON, as every value that it can mean."""
        found: tuple[Decimal, ...] = ()
        if isinstance(value, str):
            found = readings(value, units)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            number = from_json(value)
            found = () if number is None else (number,)
        if not found:
            self.fault(at, _A_NUMBER)
        return found
