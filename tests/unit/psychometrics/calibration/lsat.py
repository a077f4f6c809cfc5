"""Sections 6 and 7 of the Law School Admission Test: 1,000 examinees, five items each.

Frequencies of the patterns 00000, 00001, ... 11111 (item 1 first): Bock & Lieberman (1970),
Psychometrika 35, 179-197; those of section 6 also in Thissen (1982), Psychometrika 47, 175-186.
"""

import numpy as np

from pacnum_api.psychometrics.calibration.responses import ResponseData, from_matrix

SECTION_6 = (
    *(3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15),
    *(10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298),
)
SECTION_7 = (
    *(12, 19, 1, 7, 3, 19, 3, 17, 10, 5, 3, 7, 7, 23, 8, 28),
    *(7, 39, 11, 34, 14, 51, 15, 90, 6, 25, 7, 35, 18, 136, 32, 308),
)


def answers(frequencies: tuple[int, ...]) -> ResponseData:
    patterns = np.array(
        [[(pattern >> (4 - item)) & 1 for item in range(5)] for pattern in range(32)], dtype=float
    )
    return from_matrix(np.repeat(patterns, frequencies, axis=0))
