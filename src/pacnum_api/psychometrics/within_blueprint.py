"""Greedy choice that keeps to the blueprint of a session's plan.

The guard of ``feasibility`` with a plan made anew from the items given: a session's state stays its
setup and its answers. Tryouts count for nothing here either.
"""

import numpy as np

from pacnum_api.psychometrics.arithmetic import BoolArray, FloatArray
from pacnum_api.psychometrics.blueprint import Blueprint, BlueprintUnfulfillable
from pacnum_api.psychometrics.feasibility import admissible, plan
from pacnum_api.psychometrics.session import SessionState


def given(state: SessionState) -> tuple[int, ...]:
    """Return the items put so far that measure."""
    return tuple(
        item
        for position, item in enumerate(state.items, start=1)
        if not state.plan.is_tryout(position, item)
    )


def is_owed_more(state: SessionState) -> bool:
    """Whether the blueprint asks for more items than were put, whatever was reached by them."""
    blueprint = state.plan.blueprint
    return blueprint is not None and len(given(state)) < blueprint.minimum_length


def kept_to(values: FloatArray, state: SessionState) -> BoolArray:
    """Return which items may be put without breaking the blueprint, now or in the end, (n,).

    ``values`` (n,): of the items, below 0 for those that may not be put for other reasons. Where no
    way to finish the test is found (overlapping requirements that nearly contradict each other, or
    items blocked since), only what would exceed a maximum is left out.
    """
    candidates: BoolArray = values >= 0.0
    blueprint = state.plan.blueprint
    if blueprint is None:
        return candidates
    items = given(state)
    try:
        known = plan(blueprint, items, item_values=np.maximum(values, 0.0), candidates=candidates)
    except BlueprintUnfulfillable:
        return candidates & _below_every_maximum(blueprint, items)
    return admissible(blueprint, known, candidates=candidates)


def _below_every_maximum(blueprint: Blueprint, items: tuple[int, ...]) -> BoolArray:
    is_full = blueprint.counts(items) >= blueprint.maximum
    below: BoolArray = ~np.any(blueprint.members[is_full], axis=0)
    return below
