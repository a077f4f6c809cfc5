from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.calibration.responses import ResponseData, from_matrix

TABLE = np.array([[1.0, np.nan, 0.0], [np.nan, 2.0, np.nan], [np.nan, np.nan, np.nan]])


def test_a_table_becomes_columns() -> None:
    data = from_matrix(TABLE)
    assert data.person.tolist() == [0, 0, 1]
    assert data.item.tolist() == [0, 2, 1]
    assert data.category.tolist() == [1, 0, 2]
    assert data.person_count == 3
    assert data.groups.tolist() == [0, 0, 0]
    assert data.group_count == 1
    assert data.answered(4).tolist() == [1, 1, 1, 0]
    assert not data.is_known.any()


def test_some_of_the_items() -> None:
    data = from_matrix(TABLE, group=np.array([0, 1, 1])).only_items(np.array([2, 1, 7]))
    assert data.person.tolist() == [0, 1]
    assert data.item.tolist() == [0, 1]
    assert data.category.tolist() == [0, 2]
    assert data.group_count == 2
    with pytest.raises(ValueError, match="no answer"):
        data.only_items(np.array([5]))


def test_faults_are_named() -> None:
    one, two, pair = np.array([0]), np.array([0, 0]), np.array([0, 1])
    with pytest.raises(ValueError, match="one length"):
        ResponseData(one, pair, pair, 1)
    with pytest.raises(ValueError, match="no answer"):
        ResponseData(one[:0], one[:0], one[:0], 1)
    with pytest.raises(ValueError, match="counted from 0"):
        ResponseData(one, one, one - 1, 1)
    with pytest.raises(ValueError, match="beyond person_count"):
        ResponseData(pair, pair, pair, 1)
    with pytest.raises(ValueError, match="twice"):
        ResponseData(two, two, pair, 1)
    data = from_matrix(TABLE)
    mean, sd = np.array([0.0, np.nan, np.nan]), np.array([0.5, np.nan, np.nan])
    with pytest.raises(ValueError, match="group must have one entry"):
        replace(data, group=one)
    with pytest.raises(ValueError, match="groups are counted from 0"):
        replace(data, group=np.array([0, -1, 0]))
    with pytest.raises(ValueError, match="go together"):
        replace(data, known_mean=mean)
    with pytest.raises(ValueError, match="known_sd must be positive"):
        replace(data, known_mean=mean, known_sd=0.0 * sd)
    assert replace(data, known_mean=mean, known_sd=sd).is_known.tolist() == [True, False, False]
