"""Keys of 3.2 (integrating and re-elaborating digital content), found again from the files."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import combinations, pairwise
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import (
    Answer,
    Case,
    ProofFailed,
    Row,
    match,
    number,
    only,
)
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_SVG: Final = "{http://www.w3.org/2000/svg}"
_YES: Final = {"oui", "yes"}
_DAYS_OF_JUNE: Final = 30
_YEAR: Final = (date(2025, 1, 1), date(2026, 1, 1))


def _whole(text: str) -> int:
    """A whole number with its thousands apart: 13 080 or 13,080."""
    return int(re.sub(r"\D", "", text))


def _day(text: str) -> date:
    """A day written 2026-03-09 or 09/03/2026."""
    if "/" in text:
        return date(*map(int, reversed(text.split("/"))))
    return date.fromisoformat(text)


def _drawn(case: Case) -> list[tuple[float, float, str]]:
    """The texts of a drawing in its order: left, top, words."""
    texts = case.drawing().iter(f"{_SVG}text")
    return [(float(one.attrib["x"]), float(one.attrib["y"]), one.text or "") for one in texts]


def _affiche(case: Case) -> Answer:
    """Find the line with the scenario's kind of place but not its place; day and hour are right."""
    told = case.scenario.casefold()
    place = match(r"(salle|room) \w\b", told)
    lines = [words.casefold() for _, _, words in _drawn(case)]
    if sum(line in told for line in lines) != 2:
        raise ProofFailed(f"day and hour are not both in {told!r}")
    stale = only([line for line in lines if place[1] in line and place[0] not in line])
    return {only([text for text in case.texts("regions") if text.casefold() == stale])}


def _page(case: Case) -> Answer:
    """Look up the capacity of the reservoir named and the name of the one of the year."""
    text = str(case.interaction["text"])
    rows = case.rows("ods")[1:]
    year = int(match(r"\b(?:19|20)\d\d\b", text)[0])
    capacity = only([volume for name, _, volume in rows if name in text])
    return [capacity, only([name for name, built, _ in rows if built == year])]


def _sel(case: Case) -> Answer:
    """Add up the rows again after the correction and the addition of the message."""
    *rows, _ = case.rows("xlsx")[1:]
    used = {str(name): int(tonnes) for name, tonnes in rows}
    for line in re.findall(r"^- .*$", case.body(), flags=re.MULTILINE):
        figures = [int(figure) for figure in re.findall(r"\d+", line)]
        named = [name for name in used if name in line]
        if named and used[named[0]] != figures[1]:
            raise ProofFailed(f"the table does not have {line!r}")
        used[named[0] if named else line] = figures[0]
    return sum(used.values())


_OPPOSITES: Final = {
    r"possible": r"ne pourront pas se garer|not be able to park",
    r"annulées|cancelled": r"seront gardés|will be kept",
}


def _resume(case: Case) -> Answer:
    """Find the lines that say the opposite of the message; the days of the others are in it."""
    message = " ".join(case.body().split())
    wrong = set()
    for line in case.texts():
        if any(re.search(a, line) and re.search(b, message) for a, b in _OPPOSITES.items()):
            wrong.add(line)
        elif not set(re.findall(r"\d+", line)) <= set(re.findall(r"\d+", message)):
            raise ProofFailed(f"{line!r} has a day that the message has not")
    return wrong


def _axe(case: Case) -> Answer:
    """Check that the bars start from the lowest mark, which is not zero; take its axis."""
    left = min(x for x, _, words in _drawn(case) if words.isdigit())
    low, base = min((int(w), y) for x, y, w in _drawn(case) if x == left and w.isdigit())
    numbers = [int(w) for x, y, w in _drawn(case) if x != left and w.isdigit() and y < base]
    bars = [float(bar.attrib["height"]) for bar in case.drawing().iter(f"{_SVG}rect")][1:]
    scale = {round(h / (n - low), 1) for h, n in zip(bars, numbers, strict=True)}
    if not low or len(scale) != 1:
        raise ProofFailed(f"the bars do not start from {low}: {scale}")
    return {only([text for text in case.texts("regions") if f"{low} " in text])}


def _formule(case: Case) -> Answer:
    """Hold the row of the sum in the formula of C2, which moves in the copies."""
    _, *rows = case.rows("xlsx")
    total = only([n for n, row in enumerate(rows, start=2) if str(row[1]).startswith("=SUM")])
    part, whole = str(rows[0][2]).removeprefix("=").split("/")
    if whole != f"B{total}" or rows[1][2] == f"=B3/{whole}":
        raise ProofFailed(f"{whole} is not the total, or does not move")
    return f"={part}/B${total}"


def _motifs(case: Case) -> Answer:
    """Apply the definitions of the note in order of precedence."""
    match("(l'emporte sur|takes precedence).*(quel que soit l'agent|whoever)", case.pages())
    names = sorted(case.texts("categories"), key=case.printed().index)
    talk = r"médecin\b|cardiologue|sage-femme|doctor|cardiologist|midwife"
    signs = [talk, r"^Radio|^X-ray|analys", r"infirmi|nurse", ""]
    return {
        entry: next(name for name, sign in zip(names, signs, strict=True) if re.search(sign, entry))
        for entry in case.texts("entries")
    }


def _infographie(case: Case) -> Answer:
    """Look for each band with its price in the text, and for what needs the picture."""
    shown = [words for _, _, words in _drawn(case)]
    text = case.text().casefold()
    bands = [(band.casefold(), price) for band, price in pairwise(shown) if "€" in price]
    lacks = [band for band, price in bands if not re.search(rf"{band}.* {price}\.\n", text)]
    look = match(r"hachurées|hatched", text)[0]
    if any(word.casefold() in text for word in shown if re.fullmatch("Lorzac|Pellan", word)):
        raise ProofFailed(f"the {look} towns are named")
    lacks.append(only(list(set(re.findall(r"\bcommunes\b|\btowns\b", text)))))
    return {only([o for o in case.texts() if lack in o.casefold()]) for lack in lacks}


def _cantine(case: Case) -> Answer:
    """Join the files by the digits of the code; keep the lines of schools and annexes."""
    lists = [case.rows("csv", place=place)[1:] for place in (0, 1)]
    counts, schools = sorted(lists, key=lambda rows: rows[0][0].isdigit())
    towns = dict(schools)
    town = only({one for one in towns.values() if one in case.stem})
    staff = match(r"(?:personnel|staff)[^.]*?LYC-\d+(-\w)\b", case.scenario)[1]
    pupils = [(towns[re.sub(r"\D", "", code)], n) for code, n in counts if code[-2:] != staff]
    return sum(int(n) for where, n in pupils if where == town)


def _faq(case: Case) -> Answer:
    """Tell rules from facts by whom the sentence is about; see which facts meet a rule."""
    keep, general, remove = re.findall(r"^(\w+) ?: ", case.text(), flags=re.MULTILINE)
    sentences = re.split(r"(?<=[.,]) {2,}|(?<=\.) ", re.sub(r"\s*\n", " ", case.body()))
    personal = re.compile(r"\bVous\b|\bYou\b|\bIlyes\b")
    rules = " ".join(one for one in sentences if not personal.search(one))
    done: dict[str, Answer] = {}
    for entry in case.texts("entries"):
        quote = entry.strip("«»“” \u00a0\u202f")
        about = [one for one in sentences if quote in one]
        if not about:
            raise ProofFailed(f"{quote!r} is not in the message")
        meets = any(word in quote and word in rules for word in (" km", " le car", " the bus"))
        done[entry] = keep if not personal.search(about[0]) else general if meets else remove
    return done


def _litres(case: Case) -> Answer:
    """Convert the volumes sent to the network, then divide by those served and by the days."""
    cubic = sum(
        volume * (1000 if re.search("millier|thousand", unit) else 1)
        for _, where, unit, volume in case.rows("xlsx")[1:]
        if where in {"réseau", "network"}
    )
    everyone, own = map(_whole, re.split(r" ?: ", case.text())[-1].split("\n")[:2])
    return round(float(cubic * 1000 / (everyone - own) / _DAYS_OF_JUNE))


def _claims(rows: list[list[Any]]) -> Iterator[tuple[str, object]]:
    """What the words of a sentence must go with, from the table."""
    before, online, after, online_after = (sum(row[n] for row in rows) for n in range(1, 5))
    shares = {row[0]: (row[2] / row[1], row[4] / row[3]) for row in rows}
    up = sum(last > first for first, last in shares.values())
    yield r"hors ligne|not made online", all(r[3] - r[4] < r[1] - r[2] for r in rows)
    yield r"[Mm]oyenne|average", f"{100 * online_after / after:.1f}"
    yield r"fait monter|made .* rise", False  # a table of counts tells no cause
    yield r"neuf des dix|nine of the ten", up == len(rows) - 1
    rise = 100 * (online_after / after) / (online / before) - 100
    yield r"(?:hausse|rise) (?:de|of)", f"{rise:.1f}"
    yield max(shares, key=lambda name: shares[name][1]), True
    yield (
        r"demandes en ligne augmente|online requests rises by",
        f"{100 * online_after / online - 100:.1f}",
    )


def _phrases(case: Case) -> Answer:
    """Work out each sentence from the table."""
    kept = set()
    claims = dict(_claims(case.rows("xlsx")[1:]))
    for option in case.texts():
        claim = claims[next(words for words in claims if re.search(words, option))]
        percents = re.findall(r"(\d+[.,]\d) ?%", re.sub(r"\s", " ", option))
        said = percents[-1].replace(",", ".") if percents else None
        if claim is True or (said and claim == said):
            kept.add(option)
    return kept


def _series(case: Case) -> Answer:
    """Chain the two series of all items by their common year."""
    text = str(case.interaction["text"])
    values: list[dict[str, float]] = []
    for place in (0, 1):
        table = case.table("csv", place=place)
        name = only([name for name in table[0] if re.match("Ensemble|All items", name)])
        values.append({next(iter(row.values())): number(row[name]) for row in table})
    old, new = values
    link = only(old.keys() & new.keys())
    base, year, first, last, then, now = re.findall(r"\b20\d\d\b", text)
    if {base, year} != {link, first}:
        raise ProofFailed(f"{link} is not the base")
    amount = _whole(match(r"\d+[\s,]\d{3}\b", text)[0])
    linked = {y: value / old[link] * new[link] for y, value in old.items()}
    rise = 100 * new[last] / linked[first] - 100
    return [round(linked[year], 1), round(rise, 1), round(amount * new[now] / linked[then])]


def _reprise(case: Case) -> Answer:
    """Mend each resource that has its source as far as the hours allow; take the lightest."""
    hours = re.findall(r"(\d+(?:[.,]\d)?) (?:heure|hour)", case.pages())
    text, press, most = map(number, hours)
    limit = int(match(r"(\d+) (?:Mo|MB)\b", case.pages())[1])
    weights: dict[str, float] = {}
    for name, subject, modules, size, source, written, work in case.rows("ods")[1:]:
        time = work + (0 if written in _YES else text * modules)
        ways = ((modules * size, time), (modules * size / 2, time + press * modules))
        fit = [weight for weight, needed in ways if needed <= most and weight <= limit]
        if fit and source in _YES and re.search(r" (?:et|and) ", subject):
            weights[str(name)] = min(fit)
    return min(weights, key=lambda name: weights[name])


def _ages(band: str) -> tuple[int, int]:
    """The first and last age of a band."""
    ages = [int(age) for age in re.findall(r"\d+", band)]
    if re.match("moins|under", band):
        return 0, ages[0] - 1
    return ages[0], ages[1] if len(ages) > 1 else 199


def _structure(case: Case) -> Answer:
    """Apply the local rates of each band to the population of the region."""
    people = [(_ages(band), int(here), int(all_)) for band, here, all_ in case.rows("csv")[1:]]
    expected = 0.0
    for band, stays, others in case.rows("xlsx")[1:]:
        low, high = _ages(band)
        inside = [row for row in people if low <= row[0][0] and row[0][1] <= high]
        rate = (stays - others) / sum(row[1] for row in inside)
        expected += rate * sum(row[2] for row in inside)
    return round(1000 * expected / sum(row[2] for row in people), 1)


def _perimetre(case: Case) -> Answer:
    """Leave out the branch that is gone and the reopenings."""
    rows = [row[1:] for row in case.rows("xlsx")[1:] if row[2] != "-"]
    before = sum(row[0] for row in rows if row[0] != "-")
    return round(float(100 * sum(row[1] - row[2] for row in rows) / before - 100), 1)


_ANSWERED: Final = {  # what must stand in a sentence that answers a difficulty
    r"papier|paper": r"avis d'impôt|tax notices?|notice of income tax",
    r"personnes|people": r"tou(?:te)?s les|\ball\b",
    r"année|year": r"20\d\d",
}


def _asked(case: Case) -> list[str]:
    """The difficulties of the question, under the number that it had on the day."""
    numbers = match(r"(?:Numéro|Number) ?: .+?\.", " ".join(case.text().split()))[0]
    old, _, year, new, since = map(int, re.findall(r"\d+", numbers))
    rows = [(_day(r[0]) >= date(year, 9, since), int(r[2]), r[3]) for r in case.rows("csv")[1:]]
    return [told for after, asked, told in rows if asked == (new if after else old)]


def _question(case: Case) -> Answer:
    """Count the difficulties of the question, then apply the four rules to each wording."""
    most = int(match(r"(\d+) (?:caractères|characters)", case.text())[1])
    (first, _), (second, worth), (_, less) = Counter(_asked(case)).most_common(3)
    if worth == less:
        raise ProofFailed("the second difficulty is not the second alone")
    needs = [v for k, v in _ANSWERED.items() if re.search(k, first) or re.search(k, second)]
    good = [
        option
        for option in case.texts()
        if len(option) <= most
        and re.search("revenus fiscaux de référence|reference tax incomes", option)
        and all(re.search(need, option) for need in needs)
        and not re.search(r"[A-Z]{2,}|\bet le total|\band the total", option)
    ]
    return only(good)


def _secret(case: Case) -> Answer:
    """Try every set of cells, fewest first, and take the cheapest that hides all."""
    header, *rows = case.rows("ods")
    cells = {(r[0], h): v for r in rows[:-1] for h, v in zip(header[1:-1], r[1:-1], strict=True)}
    known = match(r"[«“]\s*(.+?), (.+?)\s*[»”]", case.scenario).groups()
    others = [cell for cell in cells if cell != known]
    for size in range(len(others)):
        sets = [some for some in combinations(others, size) if not _opened({known, *some})]
        if sets:
            costs = {some: sum(cells[cell] for cell in some) for some in sets}
            cheap = only([some for some in sets if costs[some] == min(costs.values())])
            return {", ".join(cell) for cell in cheap}
    raise ProofFailed("no set hides all")


def _opened(masked: set[Any]) -> bool:
    """Whether a masked cell can be worked out: it is alone on its row or in its column."""
    return any(
        [cell[axis] for cell in masked].count(value) == 1
        for axis in (0, 1)
        for value in {cell[axis] for cell in masked}
    )


def _end(text: str) -> int:
    """The year that ends on the day: 31 December, or 1 January of the next."""
    year = int(match(r"\d{4}$", text)[0])
    return year - 1 if re.match(r"1(?:er)? [jJ]an", text) else year


def _reliable(case: Case, content: str) -> bool:
    """Whether the last three revisions of the series are all under 2 %."""
    rows = [row for row in case.rows("csv")[1:] if content.startswith(row[0])]
    last = sorted(rows, key=lambda row: int(row[1]))[-3:]
    return all(abs(int(end) - int(first)) < 0.02 * int(first) for _, _, first, end in last)


def _sources(case: Case) -> Answer:
    """Take the latest year for which the four contents have an admissible source."""
    usable: dict[int, dict[str, str]] = {}
    for source, content, day, scope, state in case.rows("xlsx")[1:]:
        whole = re.search("entier|whole", scope)
        if whole and (state in {"définitif", "final"} or _reliable(case, content)):
            usable.setdefault(_end(day), {})[content] = source
    *counts, spending = case.texts("left")
    for _, sources in sorted(usable.items(), reverse=True):
        both = [s for c, s in sources.items() if re.search(r"crèches et ass|nurseries and", c)]
        if both and all(name in sources for name in counts):
            return {**{name: sources[name] for name in counts}, spending: only(both)}
    raise ProofFailed("no year has the four")


def _managed(row: Row) -> tuple[date, date]:
    """The first day managed and the first day not managed any more."""
    *_, change, day = row.values()
    taken = re.match("repris|taken over", change or "")
    return (day.date(), _YEAR[1]) if taken else (_YEAR[0], day.date() if day else _YEAR[1])


def _accidents(case: Case) -> Answer:
    """Count the accidents of the days managed once each, and the traffic of the days open."""
    spans, traffic = {}, 0.0
    for row in case.table("xlsx"):
        section, length, measured, directions, closed, *_ = row.values()
        first, end = spans[section] = _managed(row)
        traffic += length * measured * 2 / directions * ((end - first).days - closed)
    hurt = [row for row in case.rows("csv")[1:] if row[3] in {"L", "H", "T"}]
    found = {row[0] for row in hurt if spans[row[1]][0] <= _day(row[2]) < spans[row[1]][1]}
    return round(len(found) / traffic * 1e8, 2)


PROOFS: Final[dict[str, Proof]] = {
    "3.2-1-affiche-reprise": _affiche,
    "3.2-1-completer-la-page": _page,
    "3.2-2-corriger-et-completer": _sel,
    "3.2-2-relire-le-resume-de-l-ia": _resume,
    "3.2-3-axe-du-graphique": _axe,
    "3.2-3-formule-recopiee": _formule,
    "3.2-3-reunir-les-motifs": _motifs,
    "3.2-4-infographie-en-texte": _infographie,
    "3.2-5-croiser-deux-fichiers": _cantine,
    "3.2-5-de-la-reponse-a-la-faq": _faq,
    "3.2-5-litres-par-habitant": _litres,
    "3.2-6-phrases-ecrites-par-l-ia": _phrases,
    "3.2-6-raccorder-deux-series": _series,
    "3.2-6-reprendre-plutot-que-refaire": _reprise,
    "3.2-7-a-structure-d-age-egale": _structure,
    "3.2-7-perimetre-constant": _perimetre,
    "3.2-7-reformuler-une-question": _question,
    "3.2-8-secret-statistique": _secret,
    "3.2-8-sources-d-un-taux": _sources,
    "3.2-8-taux-d-accidents": _accidents,
}
JUDGED: Final[dict[str, str]] = {}
