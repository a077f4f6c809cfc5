"""A fact carries its words, its places and its further members."""

import pytest

from pacnum_api.kernel.errors import DomainError, ErrorKind, FieldFault, InvalidInput


class SeatTaken(DomainError):
    """The last seat went to somebody else.

    Second paragraph: for readers of the code.
    """

    code = "seat_taken"
    kind = ErrorKind.CONFLICT
    title = "Seat taken"


class Wordless(DomainError):
    title = "Nothing to say"


Wordless.__doc__ = None


def test_the_first_line_of_the_docstring_is_the_message() -> None:
    error = SeatTaken()
    assert error.detail == str(error) == "The last seat went to somebody else."
    assert (error.faults, error.extra) == ((), {})


def test_without_a_docstring_the_title_is() -> None:
    assert Wordless().detail == "Nothing to say"


def test_what_is_said_replaces_it() -> None:
    assert SeatTaken("All gone.").detail == "All gone."
    assert SeatTaken("").detail == ""


def test_faults_and_members_are_its_own() -> None:
    faults, members = [FieldFault("/a", "b")], {"seats": 0}
    error = InvalidInput(faults=faults, extra=members)
    faults.clear()
    members.clear()
    assert error.faults == (FieldFault("/a", "b"),)
    assert error.extra == {"seats": 0}


def test_it_is_raised_as_any_exception() -> None:
    with pytest.raises(DomainError, match="last seat"):
        raise SeatTaken
