"""Keys of 5.3 (creatively using digital technologies), found again from the files."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations, pairwise, permutations
from math import ceil
from typing import Any, Final, TypeVar

from pacnum_api.domains.items.service.lint_bank.cases import (
    Answer,
    Case,
    ProofFailed,
    match,
    number,
    only,
)
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_T = TypeVar("_T")
_POINTS: Final = {
    "internet": "internet",
    "motif|reason": "motif|reason",
    "coût|cost": "euros",
    "nombre|number": "six",
    "longueur|length": "phrase|sentence",
    "service": "centre",
}
"""What an option is about, and the word that marks this point in a text."""
_BRANCHES: Final = 2
"""Branches that a signature waits for."""
_SERVED: Final = 3
"""People whom a desk serves in a slot."""
_SLOT: Final = Fraction(1, 2)
"""Hours of a slot."""
_KIOSK: Final = 8
"""Hours for which a kiosk takes up a member of staff."""


def _numbers(text: str) -> list[int]:
    """The whole numbers of a text, in order."""
    return [int(found) for found in re.findall(r"\d+", text)]


def _saying(parts: Collection[str], pattern: str) -> str:
    """The only part in which the pattern is found."""
    return only([part for part in parts if re.search(pattern, part)])


def _rounded(value: Fraction, places: str = "0.1") -> float:
    """Rounded as people do, half up."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return float(exact.quantize(Decimal(places), ROUND_HALF_UP))


def _best(found: Mapping[_T, Any], choose: Callable[..., Any]) -> _T:
    """The only one with the greatest (max) or the smallest (min) value."""
    wanted = choose(found.values())
    return only([one for one, value in found.items() if value == wanted])


def _inscription(case: Case) -> Answer:
    """The step that copies the details which the reader gives in another step."""
    svg = case.drawing().iter("{http://www.w3.org/2000/svg}text")
    steps = [text.text or "" for text in svg]
    return {_saying(steps, "recopie|copies")}


def _idees(case: Case) -> Answer:
    """Compare each idea's cost and time with the two limits in the scenario."""
    cost, weeks = _numbers(case.scenario)
    fits = [r[0] for r in case.rows()[1:] if number(r[2]) <= cost and number(r[3]) <= weeks]
    return str(only(fits))


def _formulaire(case: Case) -> Answer:
    """Count the steps noted; apart, those who got to the end."""
    steps = Counter(row[3] for row in case.rows()[1:])
    ended = steps.pop(_saying(list(steps), "^(aucune|none)$"))
    return [ended, _best(steps, max)]


def _essai_ia(case: Case) -> Answer:
    """The options about a point of the result set, whose marking word the prompt has not."""
    wanted, prompt, _ = case.text().split("\n\n", maxsplit=2)
    return {
        option
        for option in case.texts()
        for topic, mark in _POINTS.items()
        if re.search(topic, option) and re.search(mark, wanted) and not re.search(mark, prompt)
    }


def _avis(case: Case) -> Answer:
    """Add the steps that go, take off the new check, and multiply by the notices."""
    check, notices = _numbers(case.scenario)
    gone = re.compile("ressaisie|transport|retyping|carrying")
    spared = sum(row[3] for row in case.rows()[1:] if gone.fullmatch(row[2]))
    return _rounded(Fraction((spared - check) * notices, 60))


def _versions(case: Case) -> Answer:
    """The share of each version among the public's lines; B wins by the margin told or not."""
    margin = int(match(r"(\d+) points", case.scenario)[1])
    rows = [row for row in case.rows()[1:] if row[2] == "public"]
    rates = {}
    for version in ("A", "B"):
        lines = [row for row in rows if row[1] == version]
        ended, opened = (sum(int(row[place]) for row in lines) for place in (4, 3))
        rates[version] = Fraction(100 * ended, opened)
    better = rates["B"] - rates["A"] >= margin
    return [_rounded(rates["A"]), _rounded(rates["B"]), "B" if better else "A"]


def _courrier(case: Case) -> Answer:
    """The difference of the mean minutes, rework included, times the cases of a month."""
    means = []
    for method in ("ancienne|old", "mod[eè]le|template"):
        rows = [row for row in case.rows()[1:] if re.fullmatch(method, row[1])]
        means.append(Fraction(sum(row[2] + row[3] for row in rows), len(rows)))
    return _rounded((means[0] - means[1]) * _numbers(case.scenario)[-1] / 60)


def _circuit(case: Case) -> Answer:
    """Take each step of the drawing to nought and see how long the longest way is then."""
    regions = case.interaction["regions"]
    days = {region["text"]: _numbers(region["text"])[0] for region in regions}
    rows = {region["text"]: region["y"] for region in regions}
    middle, *others = Counter(rows.values()).most_common()
    branches = [[name for name in rows if rows[name] == y] for y, _ in others]
    if len(branches) != _BRANCHES or not _as_drawn(case, days):
        raise ProofFailed(f"the drawing is not as thought: {rows}")

    def wait(spared: str) -> int:
        left = {name: 0 if name == spared else days[name] for name in days}
        line = sum(left[name] for name in rows if rows[name] == middle[0])
        return line + max(sum(left[name] for name in branch) for branch in branches)

    return {_best({name: wait(name) for name in days}, min)}


def _as_drawn(case: Case, days: Mapping[str, int]) -> bool:
    """Whether the drawing has every step's days as its region says."""
    svg = case.drawing().iter("{http://www.w3.org/2000/svg}text")
    texts = [text.text or "" for text in svg]
    said = {f"{name}, {length}" for name, length in pairwise(texts)}
    return said >= set(days)


def _debits(case: Case) -> Answer:
    """The highest multiple of 5 that misses no leak while the sensor works."""
    rows = [row for row in case.rows()[1:] if re.fullmatch("en service|working", row[1])]
    leaks = [row[2] for row in rows if re.fullmatch("fuite|leak", row[3])]
    threshold = min(leaks) // 5 * 5
    alerts = sum(row[2] >= threshold for row in rows)
    return [
        threshold,
        alerts - len(leaks),
        _rounded(Fraction(100 * len(leaks), alerts), "1"),
    ]


def _absences(case: Case) -> Answer:
    """Work each sentence of the draft out from the table."""
    return {sentence for sentence in case.texts() if _established(case, sentence)}


def _established(case: Case, sentence: str) -> bool:
    """Whether the table says what the sentence says."""
    rows = case.rows()[1:]
    if re.search("six", sentence):
        names = {row[0] for row in rows if re.search("rappel|reminder", row[1])}
        return all(_change(row for row in rows if row[0] == name) < 0 for name in names)
    groups = [[r for r in rows if re.search(g, r[1])] for g in ("rappel|remind", "témoin|control")]
    reminded, controls = groups
    if re.search("avril|April", sentence):
        difference = _rate(reminded, 3) - _rate(controls, 3)
        return round(difference) == _numbers(sentence)[0]
    if re.search("Sans|Without", sentence):
        return _change(controls) < 0
    young = re.compile("^(moins de|under)")
    wanted = re.search("Avant|Under", sentence) is not None
    effect = _change(r for r in controls if bool(young.search(r[2])) == wanted)
    effect = _change(r for r in reminded if bool(young.search(r[2])) == wanted) - effect
    said = 0 if re.search("nul|nil", sentence) else _numbers(sentence)[-1]
    return round(-effect) == said


def _rate(rows: Collection[Sequence[Any]], place: int) -> Fraction:
    """Absences in a hundred appointments, whose column is given."""
    return Fraction(100 * sum(row[place + 1] for row in rows), sum(row[place] for row in rows))


def _change(rows: Iterable[Sequence[Any]]) -> Fraction:
    """The points by which the rate of absences moved."""
    found = list(rows)
    return _rate(found, 5) - _rate(found, 3)


def _haltes(case: Case) -> Answer:
    """Try every pair of stops and add the people near enough to one of them."""
    limit = _numbers(case.scenario)[0]
    rows = case.rows()[1:]
    served = [
        [int(row[1]) for row in rows if min(row[one], row[other]) <= limit]
        for one, other in combinations(range(2, len(rows[0])), 2)
    ]
    return max(map(sum, served))


def _accueil(case: Case) -> Answer:
    """Add the minutes of each reason; apply each idea's share and take off its updates."""
    minutes: Counter[str] = Counter()
    for row in case.rows(".xlsx")[1:]:
        minutes[row[2]] += row[3]
    body = " ".join(case.body().split())
    ideas = r"\b([A-D])\. (.*?) (\d+) minutes\."
    gains = {}
    for name, words, updates in re.findall(ideas, body):
        reason = match(r'[«"] ?([^»"]+?) ?[»"]', words)[1]
        share = re.search(r"(\d+) ?%", words)
        part = Fraction(int(share[1]) if share else 100, 100)
        gains[name] = minutes[reason] * part - int(updates)
    reason, kept = _best(minutes, max), _best(gains, max)
    return [reason, minutes[reason], kept, float(gains[kept])]


def _agrement(case: Case) -> Answer:
    """Weigh the gain of a file started online against training and help, by the note's rules."""
    values = {row[0]: row[1] for row in case.rows(".ods")[1:]}

    def value(pattern: str) -> int:
        return int(values[_saying(list(values), pattern)])

    match("six premiers mois|first six months", case.pages())
    months = int(match(r"(\d+) (?:mois|months)", case.pages())[1]) - 6
    online = value("agent, dossier en ligne|Staff time, online")
    paper = value("agent, dossier papier|Staff time, paper")
    concerned = 100 - value("grand format|large-format")
    started = Fraction(value("reçus|received") * months * concerned, 12 * 100)
    gain = Fraction(paper * (100 - value("échouent|fail")), 100) - online
    training = value("à former|to be trained") * value("Durée|Length")
    required = training + value("Assistance|support") * months
    return ceil(100 * required * 60 / (started * gain))


def _defi(case: Case) -> Answer:
    """Apply the criteria and their exceptions to each row, then try every set within the sum."""
    rules = case.pages()
    fewest, needed, means = (
        int(match(pattern, rules)[1])
        for pattern in (
            r"(?:inférieur à|below) (\d+)",
            r"(?:au moins|at least) (\d+)",
            r"(\d+)[\s,]000 euros",
        )
    )
    tests: list[Callable[[list[str]], bool]] = [
        lambda row: re.search("permise|allowed", row[1]) is not None,
        lambda row: number(row[2]) >= fewest or bool(re.search("avant|before", row[3])),
        lambda row: re.search("^(aucun|none)$|réussi|successful", row[4]) is not None,
        lambda row: re.search("oui|yes", row[5] + row[6]) is not None,
        lambda row: number(row[7]) - number(row[8]) >= needed,
    ]
    fit = [row for row in case.rows(".csv")[1:] if all(test(row) for test in tests)]
    sets = {
        frozenset(row[0] for row in some): sum(int(row[10]) for row in some)
        for size in range(1, len(fit) + 1)
        for some in combinations(fit, size)
        if sum(int(row[9]) for row in some) <= means
    }
    chosen: frozenset[str] = _best(sets, max)
    return chosen


_SHARES: Final = ("Automati[qc]", "valid|approved", "seul|alone")
"""Marks of the three ways of sharing the work with an AI."""


def _share(row: Sequence[Any], *, sure: int, whole: Fraction) -> int:
    """The way of sharing of an act, before hours are counted, as a place in the list of ways."""
    _, _, effect, source, cases, errors, doing, checking, _ = row
    if re.match("refus", effect) or not re.search("pièces|documents|regist", source):
        return 2
    rate = Fraction(100 * errors, cases)
    harmless = re.match("aucun|none", effect) and cases >= sure and rate <= 2
    granted = re.search("tout|everything", effect) and re.search("regist", source)
    if harmless or (granted and rate <= whole):
        return 0
    return 1 if 2 * checking <= doing else 2


def _partage(case: Case) -> Answer:
    """Sort each act by the rules as the message changes them, then free hours if they lack."""
    match(r"règle 2|rule 2", case.body())
    decision = " ".join(case.body().split())
    sure, hours = (
        int(match(pattern, decision)[1])
        for pattern in (r"(?:moins de|fewer than) (\d+) ca", r"(\d+) (?:heures|hours)")
    )
    whole = Fraction(str(number(match(r"(\d[.,]\d) ?%", decision)[1])))
    rows = {row[0]: row for row in case.rows(".ods")[1:]}
    ways = {name: _share(row, sure=sure, whole=whole) for name, row in rows.items()}
    spent = {
        name: Fraction(str(rows[name][1] * rows[name][6 if way == len(_SHARES) - 1 else 7])) / 60
        for name, way in ways.items()
        if way
    }
    if sum(spent.values()) > hours:
        mild = {name: spent[name] for name in spent if ways[name] == 1}
        mended = {name: cost for name, cost in mild.items() if re.match("oui|yes", rows[name][8])}
        ways[_best(mended, max)] = 0
    return {name: _saying(case.texts("categories"), _SHARES[way]) for name, way in ways.items()}


def _epreuves(case: Case) -> Answer:
    """Try every order that the table allows and work out the days to be expected."""
    rows = {row[0]: row[1:] for row in case.rows()[1:]}
    before = {name: set(re.findall(r"\b[A-G]\b", row[3])) for name, row in rows.items()}

    def allowed(order: Sequence[str]) -> bool:
        return all(before[name] <= set(order[:place]) for place, name in enumerate(order))

    def days(order: Sequence[str]) -> Fraction:
        spent, alive = Fraction(0), Fraction(1)
        for name in order:
            spent += alive * rows[name][1]
            alive *= Fraction(100 - rows[name][2], 100)
        return spent

    expected = {order: days(order) for order in permutations(rows) if allowed(order)}
    return [f"{name}. " for name in _best(expected, min)]


def _serve(arrivals: Sequence[int], desks: Sequence[int]) -> tuple[list[int], list[int]]:
    """The people left after each slot, and the slots whose people waited beyond the next."""
    queue: list[int] = []
    left, broken = [], set()
    for slot, (come, open_) in enumerate(zip(arrivals, desks, strict=True)):
        queue += [slot] * come
        served, queue = queue[: open_ * _SERVED], queue[open_ * _SERVED :]
        broken |= {came for came in served if slot - came > 1}
        left.append(len(queue))
    return left, sorted(broken | {came for came in queue if len(desks) - came > 1})


def _prefecture(case: Case) -> Answer:
    """Run the day of each scenario slot by slot, the first come served first."""
    header, *rows = case.rows()
    kiosks = re.findall(r"\b[A-F]\b", match(r"(C, E \w+ F)", case.scenario)[1])
    runs, costs = {}, {}
    for place, name in enumerate(header[2:], start=2):
        kept = Fraction(4, 5) if name in kiosks else Fraction(1)
        arrivals = [kept * int(row[1]) for row in rows]
        if any(come.denominator != 1 for come in arrivals):
            raise ProofFailed("the kiosk settles a part of a person")
        desks = [int(row[place]) for row in rows]
        runs[name] = _serve([int(come) for come in arrivals], desks)
        costs[name] = sum(desks) * _SLOT + (_KIOSK if name in kiosks else 0)
    holding = {name: costs[name] for name in runs if not runs[name][1] and not runs[name][0][-1]}
    chosen = _best(holding, min)
    broken = rows[only(runs["F"][1])][0]
    return [max(runs["A"][0]), runs["E"][0][-1], broken, chosen, float(holding[chosen])]


PROOFS: Final[dict[str, Proof]] = {
    "5.3-1-etape-inutile": _inscription,
    "5.3-1-idee-dans-les-limites": _idees,
    "5.3-2-etape-qui-bloque": _formulaire,
    "5.3-3-consigne-a-completer": _essai_ia,
    "5.3-3-heures-rendues": _avis,
    "5.3-4-deux-versions-d-une-page": _versions,
    "5.3-5-bilan-d-une-experience": _courrier,
    "5.3-5-deux-branches": _circuit,
    "5.3-5-seuil-d-alerte": _debits,
    "5.3-6-ce-que-l-essai-etablit": _absences,
    "5.3-6-deux-haltes-du-bibliobus": _haltes,
    "5.3-6-quelle-idee-pour-l-accueil": _accueil,
    "5.3-7-depots-pour-l-equilibre": _agrement,
    "5.3-7-projets-a-lancer": _defi,
    "5.3-8-epreuves-dans-quel-ordre": _epreuves,
    "5.3-8-partage-avec-l-ia": _partage,
    "5.3-8-six-journees-d-accueil": _prefecture,
}
JUDGED: Final[dict[str, str]] = {}
