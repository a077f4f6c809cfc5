"""Keys of 5.4 (identifying digital competence gaps), found again from the files."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations, product
from math import ceil, sqrt
from statistics import mean, variance
from typing import Any, Final, TypeVar

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_T = TypeVar("_T")
_WORDS: Final = (
    " . deux|two trois|three quatre|four . six sept|seven huit|eight neuf|nine dix|ten"
    " . . . . quinze|fifteen . . dix-huit|eighteen"
)
_MONTHS: Final = {"janv|Jan": 1, "juin|June": 6, "sept|Sept": 9, "oct|Oct": 10, "déc|Dec": 12}
_YES: Final = ("oui", "yes")
_PAIR: Final = 2
"""People who must hold a skill, in every rule on the subject."""
_LEVEL: Final = 3
"""The level from which someone holds a critical skill."""
_ROW: Final = 45
"""Higher than what belongs to one row of a chart."""
_EUROS: Final = re.compile(r"\d[\d\s]*(?=\s€)|(?<=€)[\d,]+")
"""A sum in French or in English."""
_INCIDENTS: Final = {
    "avis d'imposition|tax notice": "personnelles|personal",
    "compte rendu interne|internal minutes": "internes|internal",
    "des experts|for experts": "à qui|who the",
    "« un tableau »|“a table”": "forme|form",
    "article de code|article of a code": "citations|quotations",
    "taux inventé|made up": "chiffres|figures",
    "sans mention|without mention": "lecteur|reader",
    "seul avis|opinion alone": "décision|decision",
}
"""What went wrong, and the word of the programme that answers it."""
_LEAST: Final = re.compile(r"(?:au moins|at least) (deux|two|trois|three|huit|eight)")
_OURS: Final = ("absence", "[Ll]ettres aux|Letters to", "[Tt]out le monde|Everyone")
"""Marks of what reaches someone who notes absences and writes to families."""


def _saying(parts: Iterable[str], pattern: str) -> str:
    """The only part in which the pattern is found."""
    return only([part for part in parts if re.search(pattern, part)])


def _counts(text: str) -> list[int]:
    """The numbers written in letters or in figures, in order."""
    words = {word: place for place, one in enumerate(_WORDS.split(), 1) for word in one.split("|")}
    found = re.findall(r"\d+|(?:dix-)?[a-z]+", text.lower())
    return [words.get(one) or int(one) for one in found if one in words or one.isdigit()]


def _most(found: Mapping[_T, float | Fraction]) -> _T:
    """The only one with the greatest value."""
    return only([one for one, value in found.items() if value == max(found.values())])


def _rounded(value: float | Fraction, places: str = "0.1") -> float:
    """Rounded as people do, half up."""
    return float(Decimal(f"{float(value):.9f}").quantize(Decimal(places), ROUND_HALF_UP))


def _day(text: str) -> date:
    """The first day written with its month and its year."""
    day, name, year = match(r"(\d+)(?:er)? (\w+) (\d{4})", text).groups()
    return date(int(year), only([n for m, n in _MONTHS.items() if re.match(m, name)]), int(day))


def _staying(rows: Iterable[list[Any]], day: date) -> list[list[Any]]:
    """The rows, without their last cell, of those who leave at no month's end before a day."""
    return [row[:-1] for row in rows if (row[-1] or "9") >= f"{day:%Y-%m}"]


def _atelier(case: Case) -> Answer:
    """The workshop on the scenario's new subject for those who begin."""
    rows = [row for row in case.rows()[1:] if row[1].lower() in case.scenario]
    return str(only([row[0] for row in rows if row[2] in ("débutant", "beginner")]))


def _accueil(case: Case) -> Answer:
    """The box of the drawing that offers courses."""
    texts = [text.text or "" for text in case.drawing().iterfind(".//{*}text")]
    return {_saying(texts, "Cours|Courses")}


def _nouveautes(case: Case) -> Answer:
    """The points of the message about absences, about letters to parents, or for everyone."""
    points = [block for block in case.body().split("\n\n") if block[0].isdigit()]
    return {_saying(points, mark).splitlines()[0] for mark in _OURS}


def _sans_le_son(case: Case) -> Answer:
    """The course for beginners without any word of listening or speaking."""
    lines = [line for line in case.printed().splitlines() if re.search("débuter|beginners", line)]
    return only(
        [line for line in lines if not re.search("voix|voice|écou|liste|éléph|eleph", line)]
    ).split(".")[0]


def _short(case: Case) -> dict[str, float]:
    """For each name at the left of a chart, how far its bar ends before its target line."""
    bars = {y + h / 2: x + w for x, y, w, h in _shapes(case, "rect x y width height") if h < _ROW}
    lines = _shapes(case, "line x1 y1 y2")
    marks = {(y1 + y2) / 2: x for x, y1, y2 in lines if y2 - y1 < _ROW}
    places = _shapes(case, "text x y")
    left = min(x for x, _ in places)
    names = [text.text or "" for text in case.drawing().iterfind(".//{*}text")]
    heights = [(name, y - 5) for name, (x, y) in zip(names, places, strict=True) if x == left]
    return {name: marks[height] - bars[height] for name, height in heights}


def _shapes(case: Case, wanted: str) -> list[list[float]]:
    """Of each shape of a kind, the measures wanted."""
    kind, *names = wanted.split()
    shapes = case.drawing().iterfind(f".//{{*}}{kind}")
    return [[float(shape.get(name, "nan")) for name in names] for shape in shapes]


def _profil(case: Case) -> Answer:
    """Measure in the drawing how far each bar ends before its target."""
    return {_saying(case.texts("regions"), rf"^{_most(_short(case))} ?:")}


def _intervalles(case: Case) -> Answer:
    """The domains whose whole interval ends before the target."""
    return {name for name, gap in _short(case).items() if gap > 0}


def _journal(case: Case) -> Answer:
    """Count the questions of the scenario's department, subject by subject."""
    wanted = match(r"(?:service|department) ?: (.+?)\.", case.scenario)[1]
    lines = [re.split(r"  +", line) for line in case.text(".log").splitlines()]
    asked = Counter(line[3] for line in lines if line[1:3] == [wanted, "Q"])
    return [_most(asked), max(asked.values())]


def _prerequis(case: Case) -> Answer:
    """Go back from the module wanted to what each needs before."""
    rows = {row[0]: row for row in case.rows()[1:]}
    code = only([code for code, row in rows.items() if row[1] in case.scenario])
    way = []
    while code in rows:
        way.append(rows[code][1])
        code = rows[code][3]
    return way[::-1]


def _charte(case: Case) -> Answer:
    """Attendance (article 3), an average of enough people (2), a provider's level (4)."""
    _, _, average, attendance, provider, *_ = re.split(r"Article \d\. ", case.pages())
    least = _counts(_LEAST.findall(average)[0])[0]
    seen = match("présents|present", attendance)[0]
    level = f"^(L'organisme|The course).*{match('niveau global|overall level', provider)[0]}"
    enough = {one for one in case.texts() if any(many >= least for many in _counts(one)[-1:])}
    return enough | {_saying(case.texts(), seen), _saying(case.texts(), level)}


def _ateliers_ia(case: Case) -> Answer:
    """The workshop whose programme has the word that answers what went wrong."""
    workshops = case.text().split("\n\n")
    return {
        _saying(case.texts("entries"), incident): f"{_saying(workshops, remedy).split()[1]}, "
        for incident, remedy in _INCIDENTS.items()
    }


def _binomes(case: Case) -> Answer:
    """Try every choice of five different tutors among those fit for each request."""
    header, *tutors = case.rows(".xlsx")
    requests = case.rows(".csv")[1:]
    free = {row[0]: {*row[4].split(", ")} for row in tutors}
    fit = []
    for _, skill, level, halves, chief in requests:
        able = [row[0] for row in tutors if row[header.index(skill)] - int(level) >= _PAIR]
        fit.append([one for one in able if one != chief and free[one] & {*halves.split(", ")}])
    chosen = only([each for each in product(*fit) if len(set(each)) == len(requests)])
    return {f"{row[0]}, ": tutor for row, tutor in zip(requests, chosen, strict=True)}


def _trajets(case: Case) -> Answer:
    """Add up both arrangements by the note's rules and take the difference."""
    note = case.text()
    train, car = (Fraction(str(number(one))) for one in re.findall(r"(\d[.,]\d+) kg", note))
    seats = _counts(match(r"(\w+) (?:personnes au plus|people\s+per car)", note)[1])[0]
    head, branches = Fraction(0), car * sum(map(int, re.findall(r"(\d+) km", note)))
    for _, people, station, far, near in case.rows(".csv")[1:]:
        cars = ceil(Fraction(int(people), seats)) * car
        head += int(far) * (int(people) * train if station in _YES else cars)
        branches += int(near) * cars
    return _rounded(2 * abs(head - branches), "1")


def _badge(case: Case) -> Answer:
    """Keep the admissible evidence, then count helps, people and operations done again."""
    text = case.pages()
    times, people, *_ = (_counts(one)[0] for one in _LEAST.findall(text))
    helped: dict[str, list[str]] = defaultdict(list)
    alone = set()
    for _, day, who, other, author, again, data in case.rows(".ods")[1:]:
        attested = author in ("personne aidée", "person helped")
        if attested and data not in _YES and date.fromisoformat(day) >= _day(text):
            helped[who].append(other)
            alone |= {who} if again in _YES else set()
    return {one for one in alone if len(helped[one]) >= times and len({*helped[one]}) >= people}


def _brigade(case: Case) -> Answer:
    """In each skill, add what the two best who stay lack."""
    level = int(match(r"(?:niveau|level) (\d)", case.scenario)[1])
    _, *skills = zip(*_staying(case.rows()[1:], _day(case.scenario)), strict=True)
    lacks = [sorted(max(0, level - mark) for mark in marks) for marks in skills]
    return sum(sum(lack[:_PAIR]) for lack in lacks)


def _inscrire(case: Case) -> Answer:
    """Those lately measured at an entry level, below a target that the course reaches."""
    *entry, end = (int(one) for one in re.findall(r"(?:niveau|level|ou|or) (\d)", case.scenario))
    opening = _day(case.scenario)
    age = _counts(match(r"\S+ (mois|months)", case.scenario)[0])[0]
    years, month = divmod(12 * opening.year + opening.month - 1 - age, 12)
    rows = [row[2:] for row in case.rows()[1:] if row[1] >= f"{opening.replace(years, month + 1)}"]
    return sum(1 for _, measured, target in rows if measured in entry and measured < target <= end)


def _effet(case: Case) -> Answer:
    """The difference of the mean gains, and twice the root of the variances over the numbers."""
    gains: dict[str, list[int]] = defaultdict(list)
    for _, group, before, after in case.rows(".ods")[1:]:
        if isinstance(after, int):
            gains[group].append(after - before)
    course, waiting = (gains[_saying(gains, one)] for one in ("stage|course", "attente|waiting"))
    effect = mean(course) - mean(waiting)
    margin = 2 * sqrt(variance(course) / len(course) + variance(waiting) / len(waiting))
    options = [one["text"] for one in case.interaction["blanks"][2]["options"]]
    wanted = "^(est établi|is established)" if effect > margin else "pas établi|not established"
    return [_rounded(effect), _rounded(margin), _saying(options, wanted)]


def _plan(case: Case) -> Answer:
    """Apply the six rules, with the exception of the last one, to each plan."""
    rules = case.pages()
    skills = match(r"(?:critiques |critical): (.+?)\.", rules)[1].split(", ")
    header, *staff = case.rows(".ods")
    places = [header.index(skill.capitalize()) for skill in skills]
    stay = _staying(staff, _day(rules))
    lines = case.rows(".csv")[1:]
    experts = {row[0] for row in stay if row[places[2]] >= _LEVEL}
    fit = []
    for plan in {line[0] for line in lines}:
        ours = [line[1:] for line in lines if line[0] == plan]
        days = Counter({(who, skill): int(length) for who, skill, length, _ in ours})
        able = [
            [row[0] for row in stay if row[place] + days[row[0], header[place]] // 3 >= _LEVEL]
            for place in places
        ]
        if _allowed(ours, rules, experts=experts) and _held(able):
            fit.append(plan)
    return f"Plan {only(fit)}"


def _allowed(lines: Sequence[Sequence[str]], rules: str, *, experts: Collection[str]) -> bool:
    """Days and cost within the limits; the provider for the contract, or for access if led."""
    each = _counts(match(r"(?:suit|person takes) (\w+) ", rules)[1])[0]
    public, outside, most = (int(re.sub(r"\D", "", one)) for one in _EUROS.findall(rules))
    days, cost = Counter[str](), 0
    for who, skill, length, trainer in lines:
        inside = trainer in ("organisme public", "public body")
        led = re.search("accès|Access", skill) and trainer.split()[-1] in experts
        if not (inside or led or re.search("[Cc]ontra", skill)):
            return False
        days[who] += int(length)
        cost += int(length) * (public if inside else outside)
    return max(days.values()) <= each and cost <= most


def _held(able: Sequence[Collection[str]]) -> bool:
    """Two people for each skill, nobody for both contract and access."""
    contract, data, access = able
    ways = product(combinations(contract, _PAIR), combinations(access, _PAIR))
    return len(data) >= _PAIR and any(not {*one} & {*other} for one, other in ways)


def _seances(case: Case) -> Answer:
    """Try every set of sessions before the start; the cheapest one that holds everyone."""
    last, first = re.findall("[«“] ?(.+?) ?[»”]", case.scenario)
    total, direct, longer = _counts(case.scenario)[:3]
    least, most = (int(one) for one in re.findall(r"(\d+) (?:jours|days)", case.text()))
    rows = {row[0]: row for row in case.rows(".csv")[1:] if row[2] < f"{_day(case.text())}"}
    days = {name: date.fromisoformat(row[2]) for name, row in rows.items()}

    def wide(plan: frozenset[str], full: frozenset[str]) -> bool:
        """Whether everyone passes a cut through full second sessions and the first ones."""
        free = {one for one in plan - full if rows[one][1] == last}
        gaps = {(a, (days[b] - days[a]).days) for a, b in product(plan - full - free, free)}
        feed = {a for a, gap in gaps if least <= gap <= most}
        seats = [sum(int(rows[one][3]) for one in some) for some in (full, feed)]
        return seats[0] + min(longer, seats[1]) + (direct if free else 0) >= total

    either = ([name for name, row in rows.items() if row[1] == one] for one in (first, last))
    costs = {
        a | b: sum(-int(rows[name][4]) - int(rows[name][5]) for name in a | b)
        for a, b in product(*map(_subsets, either))
        if all(wide(a | b, full) for full in _subsets(b))
    }
    return _most(costs)


def _subsets(names: Collection[str]) -> list[frozenset[str]]:
    return [frozenset(one) for n in range(len(names) + 1) for one in combinations(names, n)]


def _selections(case: Case) -> Answer:
    """Estimate practice on the untrained, then what the trained got beyond what was expected."""
    kept = Fraction(str(number(match(r"(\d[.,]\d)", case.text())[1])))
    rows = [(*row[:2], *(Fraction(str(one)) for one in row[2:])) for row in case.rows(".xlsx")[1:]]
    trained, practice = dict[str, Fraction](), set()
    for place, group, _, first, second in rows:
        ours = [row for row in rows if row[0] == place]
        middle = sum(row[2] * row[3] for row in ours) / sum(row[2] for row in ours)
        gain = second - middle - kept * (first - middle)
        if re.search("^(non|not) ", group):
            practice.add(gain)
        else:
            trained[place] = gain
    habit = only(practice)
    shown = sorted(trained, key=case.interaction["text"].index)
    effects = [_rounded(trained[place] - habit) for place in shown]
    return [_rounded(habit), *effects, _most(trained)]


def _prevision(case: Case) -> Answer:
    """Work out each site's places by the note, then each area's sessions."""
    note = " ".join(case.text().split())
    share = Fraction(int(match(r"(\d+) ?%", note)[1]), 100)
    pairs = re.findall(r"(\w+)(?: participants)? (?:sur|out of) (\w+)", note)
    stay, online, taught = (Fraction(*_counts(" ".join(pair))) for pair in pairs)
    places: Counter[str] = Counter()
    for _, area, now, gone, come, pilot, leaving, enrolled in case.rows(".xlsx")[1:]:
        wanted = ceil(share * (now - gone + come))
        able = int(stay * (pilot - leaving)) + int(online * enrolled)
        places[area] += ceil(max(0, wanted - able) / taught)
    large, small = (int(one) for one in match(r"(\d+) places [^.]+?, (\d+)", note).groups())
    sizes = {area: small if area in ("Îles", "Islands") else large for area in places}
    sessions = {area: ceil(Fraction(many, sizes[area])) for area, many in places.items()}
    short = {area: many - int(match(rf"{area} (\d+)", note)[1]) for area, many in sessions.items()}
    return [places.total(), sum(sessions.values()), only([one for one in short if short[one] > 0])]


def _formule(case: Case) -> Answer:
    """Fill the places that the budget pays for in each format, at its rates after six months."""
    match("six mois|six months", case.text())
    sums = (re.sub(r"(?<=\d)[\s,](?=\d{3})", "", case.text()).split("2. ")[1]).split("4. ")[0]
    budget, classes, online, platform, *_ = _counts(sums)
    wishes = [int(one) for one in re.findall(r"(\d+) (?:débu|init|begi|inter)", sums)]
    levels, formats = (sorted({row[place] for row in case.rows()[1:]}) for place in (2, 1))
    stay = dict[str, Fraction]()
    for name in formats:
        price, fixed = (online, platform) if re.search("ligne|online", name) else (classes, 0)
        share = min(Fraction(1), Fraction((budget - fixed) // price, sum(wishes)))
        for level, many in zip(levels, wishes, strict=True):
            rows = [row for row in case.rows()[1:] if row[1:3] == [name, level]]
            rate = Fraction(sum(row[5] for row in rows), sum(row[3] for row in rows))
            stay[name] = stay.get(name, Fraction(0)) + share * many * rate
    best, other = _most(stay), min(stay.values())
    return _saying(case.texts(), rf"(?i){best} ?: {stay[best]} .+ {other}\b")


PROOFS: Final[dict[str, Proof]] = {
    "5.4-1-atelier-pour-debuter": _atelier,
    "5.4-1-ou-apprendre-le-tableur": _accueil,
    "5.4-2-ce-qui-change-pour-elle": _nouveautes,
    "5.4-2-cours-sans-le-son": _sans_le_son,
    "5.4-2-ecart-avec-l-objectif": _profil,
    "5.4-3-besoins-dans-le-journal": _journal,
    "5.4-3-chaine-des-prerequis": _prerequis,
    "5.4-4-ecart-etabli-malgre-la-marge": _intervalles,
    "5.4-4-qui-peut-voir-les-resultats": _charte,
    "5.4-5-ateliers-apres-l-essai-d-ia": _ateliers_ia,
    "5.4-5-binomes-d-entraide": _binomes,
    "5.4-5-ou-tenir-le-stage": _trajets,
    "5.4-6-badge-et-preuves": _badge,
    "5.4-6-competences-qui-vont-manquer": _brigade,
    "5.4-6-inscrire-les-bonnes-personnes": _inscrire,
    "5.4-7-effet-propre-et-marge": _effet,
    "5.4-7-garder-la-main-sur-le-prestataire": _plan,
    "5.4-7-le-plan-le-moins-cher": _seances,
    "5.4-8-deux-stages-deux-selections": _selections,
    "5.4-8-prevoir-avant-la-bascule": _prevision,
    "5.4-8-quelle-formule-generaliser": _formule,
}
JUDGED: Final[dict[str, str]] = {}
