"""Keys of 1.2, found again from the files."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from math import inf, sqrt
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, ProofFailed, number
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_MONTHS: Final = (
    *("janvier|january", "février|february", "mars|march", "avril|april", "mai|may", "juin|june"),
    *("juillet|july", "août|august", "septembre|september", "octobre|october"),
    *("novembre|november", "décembre|december"),
)
_WHOLE: Final = re.compile(r"\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+(?!\d)|\d+")


def _wholes(text: str) -> list[int]:
    """The whole numbers of a text in order, thousands set apart or not."""
    return [int(re.sub(r"\D", "", found)) for found in _WHOLE.findall(text)]


def _dates(text: str) -> list[date]:
    """The dates written out in a text, in order."""
    found = re.findall(rf"(\d{{1,2}})(?:er)? ({'|'.join(_MONTHS)}) (\d{{4}})", text, re.IGNORECASE)
    places = {name: place for place, both in enumerate(_MONTHS, 1) for name in both.split("|")}
    return [date(int(year), places[name.lower()], int(day)) for day, name, year in found]


def _one(texts: Sequence[str], pattern: str) -> str:
    """The one text in which the pattern is found, whatever the case."""
    found = [text for text in texts if re.search(pattern, text, re.IGNORECASE)]
    if len(found) != 1:
        raise ProofFailed(f"{pattern!r} is in {len(found)} of {texts}")
    return found[0]


def _drawn(case: Case) -> list[str]:
    """The words of a drawing."""
    return [part.text or "" for part in case.drawing().iter() if part.tag.endswith("text")]


def _adresse(case: Case) -> Answer:
    """Take the result whose address has, before the slash, the host that the poster gives."""
    official = re.findall(r"[\w-]+\.example", case.scenario)[0]
    return {text for text in _drawn(case) if text.split("/")[0] == official}


def _photo(case: Case) -> Answer:
    """Read the year in the line that says when the photo was taken."""
    return _dates(_one(case.text().splitlines(), r"photo (prise|taken)"))[0].year


def _fiche(case: Case) -> Answer:
    """Keep the text with a full date that is not today's."""
    today = re.compile("Nous sommes|Today")
    return {text for text in _drawn(case) if _dates(text) and not today.match(text)}


def _pourcentage(case: Case) -> Answer:
    """Apply the percentage to the answers received, which the note says are its base."""
    share = _wholes(re.findall(r"\d+\s?%", case.pages())[0])[0]
    return share * _wholes(re.findall(r"(?:reçues|received)\s?: \d+", case.pages())[0])[0] / 100


def _axe(case: Case) -> Answer:
    """Read on the axis the value at the top of each bar, and work out the fall."""
    parts = list(case.drawing().iter())
    axis = {
        int(part.get("y", 0)) - 5: _wholes(part.text or "")[0]
        for part in parts
        if part.get("text-anchor") == "end"
    }
    bars = [part for part in parts if part.tag.endswith("rect") and part.get("width") == "90"]
    bars.sort(key=lambda bar: int(bar.get("x", 0)))
    before, after = (axis[int(bar.get("y", 0))] for bar in bars)
    return round(100 * (before - after) / before, 1)


def _observations(case: Case) -> Answer:
    """Drop the messages that name where they have it from, and the picture dated otherwise."""
    relayed = r"d'après le|according to|sources|l'annoncer|announced|crue de|flood of"
    lines = case.text(".log").splitlines()
    return {f"{line.split()[1]}," for line in lines if not re.search(relayed, line)}


def _tarif(case: Case) -> Answer:
    """Take the last resolution in force on the day of the complete application."""
    complete = _dates(_one(case.body().splitlines(), r"dossier complet|application complete"))[0]
    _, *resolutions = re.split(r"(?:Délibération|Resolution) (?=\d{4}-\d)", case.pages())
    in_force = [(_dates(text)[-1], _wholes(text)[-1]) for text in resolutions]
    return max((day, price) for day, price in in_force if day <= complete)[1]


def _impossibles(case: Case) -> Answer:
    """Hold each record against the bounds that the dictionary sets for its columns."""
    lines = case.text().splitlines()
    last = _dates(_one(lines, r"^date"))[0]
    smallest, largest = _wholes(_one(lines, r"^(effectif|herd)"))
    coldest, hottest = map(number, re.findall(r"\d+[.,]\d", _one(lines, r"^temp")))

    def possible(row: Sequence[Any]) -> bool:
        day, herd, sick, heat = date.fromisoformat(str(row[2])), row[3], row[4], row[5]
        counts = smallest <= herd <= largest and 0 <= sick <= herd
        return counts and coldest <= heat <= hottest and last.replace(day=1) <= day <= last

    return sum(not possible(row) for row in case.rows(".ods")[1:])


def _evolutions(case: Case) -> Answer:
    """Count the gaps above twice the year's margin, and name the largest rise among them."""
    rows = [(row[0], *map(number, row[1:])) for row in case.rows(".csv")[1:]]
    gaps = {name: after - before for name, _, before, after in rows}
    firm = [name for name, size, *_ in rows if abs(gaps[name]) > 2 * 100 / sqrt(size)]
    return [len(firm), max(firm, key=lambda name: gaps[name])]


def _references(case: Case) -> Answer:
    """Look each number up in the register, then compare date, chamber, subject and outcome."""
    register = {row[0]: row[1:] for row in case.rows(".csv")[1:]}
    kinds = case.texts("categories")
    exact, wrong, missing = (_one(kinds, word) for word in ("exact", "mal|wrong", "registe?r"))

    def kind(line: str) -> str:
        row = register.get(re.findall(r"\d\d-\d{4}", line)[0])
        if row is None:
            return missing
        day, chamber, subject, outcome = row
        agrees = (
            _dates(line)[0].isoformat() == day
            and re.search(rf"\b{chamber} ch", line) is not None
            and subject.lower() in line.lower()
            and outcome[:3] in line
        )
        return exact if agrees else wrong

    return {f"{line[:2]},": kind(line) for line in case.text().splitlines()[1:]}


def _resume(case: Case) -> Answer:
    """Take points with a number that the rules lack, or that shut out the paper they allow."""
    rules = case.pages()
    known = set(_wholes(rules))
    paper = re.search(r"papier|paper", rules) is not None

    def wrong(point: str) -> bool:
        unknown = set(_wholes(point)[1:]) - known
        return bool(unknown) or (paper and re.search(r"uniquement|only", point) is not None)

    points = case.text().splitlines()[1:]
    return {f"Point {point[0]}," for point in points if wrong(point)}


def _fil(case: Case) -> Answer:
    """Compare the displayed messages with the most reacted to; count messages, then accounts."""
    rows = case.rows(".csv")[1:]
    yes, against = {"fr": ("oui", "contre"), "en": ("yes", "against")}[case.locale]
    shown = [row for row in rows if row[6] == yes]
    by_reactions = sorted(rows, key=lambda row: int(row[5]), reverse=True)
    if {row[0] for row in by_reactions[: len(shown)]} != {row[0] for row in shown}:
        raise ProofFailed("the feed is not the messages with the most reactions")

    def share(positions: Sequence[str]) -> float:
        return 100 * positions.count(against) / len(positions)

    accounts = {row[2]: row[4] for row in rows}.values()
    views = [[row[4] for row in shown], [row[4] for row in rows], list(accounts)]
    named = {"fr": ("réactions", "sans portée"), "en": ("reactions", "no bearing")}[case.locale]
    return [named[0], *map(share, views), named[1]]


def _delais(case: Case) -> Answer:
    """Work out the overall rates; the branch with the bulk of the last year gives the reason."""
    rows = [list(map(int, row[2:])) for row in case.rows(".xlsx")[1:]]
    before, after = rows[:2], rows[2:]

    def overall(year: list[list[int]]) -> str:
        rate = round(100 * sum(done for _, done in year) / sum(size for size, _ in year), 1)
        return f"{rate:g}".replace(".", "," if case.locale == "fr" else ".")

    bulk, other = sorted(after, reverse=True)
    words = {"fr": ("plus rapide", "plus lente"), "en": ("the faster", "the slower")}[case.locale]
    reason = words[0] if bulk[1] / bulk[0] > other[1] / other[0] else words[1]
    rates = rf"\b{overall(before)}\s?% \D+ {overall(after)}\s?%"
    return _one([text for text in case.texts() if reason in text], rates)


def _quatre_chiffres(case: Case) -> Answer:
    """Count what each definition says, and give each document the definition with its figure."""
    lines = case.rows(".xlsx")[1:]
    rows = [(row[1].date(), row[2].date() if row[2] else date.max, row[3]) for row in lines]

    def counted(definition: str) -> int:
        year = [date(2025, 1, 1), date(2025, 12, 31)]
        first, last = 2 * _dates(definition) or year
        if re.search(r"débuté|started", definition):
            kept = [row for row in rows if first <= row[0] <= last]
        elif re.search(r"pris fin|ended", definition):
            kept = [row for row in rows if first <= row[1] <= last]
        else:
            kept = [row for row in rows if row[0] <= last and row[1] >= first]
        heads = re.match(r"Personnes|People", definition)
        return sum(row[2] if heads else 1 for row in kept)

    counts = {counted(definition): definition for definition in case.texts("right")}
    return {document: counts[_wholes(document)[-1]] for document in case.texts("left")}


def _consultation(case: Case) -> Answer:
    """Count by the article in force when it opened; take the sentence that infers nothing more."""
    rules = " ".join(case.text().split())
    new, old = map(int, re.findall(r"(\d+) ?%", rules)[-2:])
    least = new if _dates(case.scenario)[0] >= _dates(rules)[-1] else old
    rows = [list(map(int, row[1:])) for row in case.rows(".csv")[1:]]
    people = sum(sent - again for sent, again, *_ in rows)
    personal = [(sent - again, against) for sent, again, share, against in rows if share < least]
    size, against = map(sum, zip(*personal, strict=True))
    figures = {people, people - size, size, round(100 * against / size)}
    whole = [text for text in case.texts() if figures == set(_wholes(text))]
    return _one(whole, r"ne s'en déduit pas|cannot be inferred")


def _detecteur(case: Case) -> Answer:
    """Replay each threshold under the note's conditions, and keep the one that meets both."""
    note = case.pages().lower()
    authentic, fakes, _, floor, _, minutes, hours = _wholes(note)
    rows = case.rows(".csv")[1:]
    met = max({row[0] for row in rows}, key=lambda words: sum(w in note for w in words.split()))
    kept = []
    for threshold, *tests in (row[1:] for row in rows if row[0] == met):
        heard, wrong, forged, right = map(int, tests)
        false, true = authentic * wrong / heard, fakes * right / forged
        if 100 * right >= floor * forged and (false + true) * minutes <= hours * 60:
            share = round(100 * false / (false + true))
            kept.append([number(threshold), false, share, fakes - true])
    if len(kept) != 1:
        raise ProofFailed(f"{len(kept)} thresholds meet the requirements")
    return kept[0]


_CLAIMS: Final = {
    "A1": ("qualification", ""),
    "A2": ("sauvegardes.* lille|backups.* lille", "montr[ée]al"),
    "A3": ("actionnaires|shareholders", "hors d'europe|outside europe"),
    "A4": ("l'année 2025|the year 2025", ""),
    "A5": ("clés|keys", ""),
    "A6": ("certifi", ""),
    "A7": ("restitution complète|complete return", ""),
    "A8": ("(jour|day).*nantes.*(nuit|night).*porto", ""),
}
"""What findings, taken together, cover each claim entirely, and which one goes against it."""


def _hebergeur(case: Case) -> Answer:
    """Keep the evidence that the rule lets through, then see what it covers or contradicts."""
    today = _dates(case.text())[0]
    header, *claims = re.split(r"(?=\bA\d\. )", case.pages())
    company = header.split()[0]
    kept = [row for row in case.rows(".xlsx")[1:] if _valid(row, today) and row[1] != company]
    kinds = case.texts("categories")
    contradicted, unsupported = (_one(kinds, word) for word in ("contr", "^(non|un)"))
    (supported,) = {*kinds} - {contradicted, unsupported}

    def kind(claim: str) -> str:
        scopes = {"Socle"} if "Socle" in claim else {"Société", "Company"}
        covers, against = _CLAIMS[claim[:2]]
        found = [row[4] for row in kept if row[2] == company and row[3] in scopes]
        findings = " ".join(found).lower()
        if against and re.search(against, findings):
            return contradicted
        return supported if re.search(covers, findings) else unsupported

    return {f"{claim[:2]},": kind(claim) for claim in claims}


def _valid(row: Sequence[Any], today: date) -> bool:
    """Whether an item of evidence is valid: until its end, or 24 months after its date."""
    issued = date.fromisoformat(row[5])
    end = date.fromisoformat(row[6]) if row[6] else issued.replace(year=issued.year + 2)
    return today <= end


def _photos(case: Case) -> Answer:
    """Put the clocks right, test hash, time and distance, and follow croppings to their origin."""
    photos = {row[0]: row[1:] for row in case.rows(".csv")[1:]}
    distance = int(re.findall(r"(\d+) m[eè]tres", case.pages())[0])

    def meets(name: str) -> bool:
        device, shown, metres, filed, again, origin = photos[name]
        if filed != again:
            return False
        if origin:
            return meets(origin)
        local = _clock(shown) + _late(case, device, shown=_clock(shown))
        return 14 * 60 <= local <= 16 * 60 and int(metres) <= distance

    return {name for name in case.texts() if meets(name)}


def _clock(shown: str) -> int:
    """The minutes of an hour written 12:30 or 12 h 30."""
    hour, minute = map(int, re.findall(r"\d+", shown))
    return 60 * hour + minute


def _late(case: Case, device: str, *, shown: int) -> int:
    """By how many minutes a clock was late: as checked, unless it was set back only later."""
    hour = r"(\d\d?(?: h |:)\d\d)"
    note, addendum = case.pages(), case.text()
    checked = _clock(re.findall(hour, note)[0])
    late = checked - _clock(re.findall(rf"\b{device} (?:affichait |displayed )?{hour}", note)[0])
    later = f" {device} " in addendum and shown < _clock(re.findall(hour, addendum)[0])
    return late - (_wholes(re.findall(r"\d+ minutes", addendum)[0])[0] if later else 0)


def _redresser(case: Case) -> Answer:
    """Follow the method sheet: scope, duplicates, thin strata, weights, margin, case."""
    sheet = case.pages()
    fewest = int(re.findall(r"(?:moins de|fewer than) (\d+)", sheet)[0])
    factor = int(re.findall(r"(\d+) (?:divisé|divided)", sheet)[0])
    strata = _strata(case.rows(".xlsx")[1:], fewest)
    population, answers, _ = map(sum, zip(*strata, strict=True))
    rate = sum(100 * people * yes / valid for people, valid, yes in strata) / population
    margin = factor / sqrt(answers)
    kind = 1 if rate - margin > 50 else 2 if rate + margin < 50 else 3
    return [round(rate, 1), round(margin, 1), kind]


def _strata(rows: Sequence[Sequence[Any]], fewest: int) -> list[list[int]]:
    """Population, valid answers and valid yes of the age groups, thin ones joined to the next."""
    strata: list[list[int]] = []
    permanent = [row[2:] for row in rows if row[1][0].isdigit()]
    for people, answers, twice, yes, yes_twice in permanent:
        own = [people, answers - twice, yes - yes_twice]
        if strata and strata[-1][1] < fewest:
            own = [one + other for one, other in zip(strata.pop(), own, strict=True)]
        strata.append(own)
    return strata


_Rule = Callable[[float, float, float], float]
_RULES: Final[dict[str, _Rule]] = {
    r"ou sur deux sources|or on two sources": lambda two, vet, photo: min(vet, max(two, photo)),
    r"ou sur une photo|or on a verified": lambda _, vet, photo: min(vet, photo),
    r"une fois venue|once the second": lambda two, vet, _: max(two, vet),
    r"source, si|source, if": lambda two, vet, photo: max(two, min(vet, photo)),
    r"sans autre|nothing else": lambda _, vet, __: vet,
}
"""The hour of the alert under each rule, from the hours of source, opinion and photo."""


def _alerte(case: Case) -> Answer:
    """Replay each rule on the history, and keep the one that meets the four requirements."""
    limit, share, delay, far_share = _wholes(case.scenario)
    rows = case.rows(".csv")[1:]

    def holds(rule: _Rule) -> bool:
        hours = [rule(*(float(cell) if cell else inf for cell in row[2:5])) for row in rows]
        told = list(zip(rows, hours, strict=True))
        real = [(row, hour) for row, hour in told if re.match(r"foyer|real", row[5])]
        far = [hour <= limit for row, hour in real if re.match(r"isol", row[1])]
        alerts = [hour for _, hour in real if hour <= limit]
        return (
            sum(hour <= limit for _, hour in told) == len(alerts)
            and 100 * len(alerts) >= share * len(real)
            and sum(alerts) <= delay * len(alerts)
            and 100 * sum(far) >= far_share * len(far)
        )

    (words,) = (words for words, rule in _RULES.items() if holds(rule))
    return _one(case.texts(), words)


PROOFS: Final[dict[str, Proof]] = {
    "1.2-1-adresse-du-site-officiel": _adresse,
    "1.2-1-date-de-la-photo": _photo,
    "1.2-2-fiche-a-jour": _fiche,
    "1.2-2-pourcentage-de-combien": _pourcentage,
    "1.2-3-axe-qui-ne-part-pas-de-zero": _axe,
    "1.2-4-observations-directes": _observations,
    "1.2-4-quel-tarif-en-vigueur": _tarif,
    "1.2-4-valeurs-impossibles": _impossibles,
    "1.2-5-evolutions-etablies": _evolutions,
    "1.2-5-references-d-un-assistant": _references,
    "1.2-5-resume-automatique-reglement": _resume,
    "1.2-6-ce-que-montre-un-fil": _fil,
    "1.2-6-delais-deux-antennes": _delais,
    "1.2-6-quatre-chiffres-une-aide": _quatre_chiffres,
    "1.2-7-consultation-lettres-types": _consultation,
    "1.2-7-detecteur-de-voix": _detecteur,
    "1.2-7-preuves-d-un-hebergeur": _hebergeur,
    "1.2-8-photos-produites-au-dossier": _photos,
    "1.2-8-redresser-une-enquete": _redresser,
    "1.2-8-regle-d-alerte": _alerte,
}
JUDGED: Final[dict[str, str]] = {}
