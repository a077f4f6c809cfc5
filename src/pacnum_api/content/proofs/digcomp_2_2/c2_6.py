"""Keys of 2.6 (managing digital identity), found again from the files."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Final
from unicodedata import normalize

from pacnum_api.domains.items.service.lint_bank.cases import (
    Answer,
    Case,
    match,
    number,
    only,
)
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_MONTHS: Final = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
_COUNTS: Final = {
    "fr": "un deux trois quatre cinq six sept huit neuf",
    "en": "one two three four five six seven eight nine",
}


def _bare(text: str) -> str:
    """Lower case, without accents or hyphens."""
    plain = normalize("NFD", text.casefold().replace("-", ""))
    return plain.encode("ascii", "ignore").decode()


def _day(text: str) -> date:
    """A day written 2026-03-09 or 09/03/2026."""
    if "/" in text:
        return date(*map(int, reversed(text.split("/"))))
    return date.fromisoformat(text)


def _days(text: str, *, locale: str) -> list[date]:
    """The days written in words in a text: ``1er mars 2027``."""
    names = _MONTHS[locale].split()
    found = re.findall(rf"(\d+)(?:er)? ({'|'.join(names)}) (20\d\d)", text)
    return [date(int(year), names.index(name) + 1, int(day)) for day, name, year in found]


def _fiche(case: Case) -> Answer:
    """Find the private line of the drawing that others than the owner can see."""
    rows: dict[str, list[str]] = {}
    for text in case.drawing().iter("{http://www.w3.org/2000/svg}text"):
        rows.setdefault(text.attrib["y"], []).append(text.text or "")
    private = re.compile("personn?el |personal |domicile|home|naissance|birth", re.IGNORECASE)
    tops = [
        float(top)
        for top, words in rows.items()
        if private.search(words[0]) and words[-1] not in {"Moi seule", "Only me"}
    ]
    regions = case.interaction["regions"]
    return {only([r["text"] for r in regions if 0 <= only(tops) - r["y"] <= r["height"]])}


def _historique(case: Case) -> Answer:
    """Find the account with a change, not a printing, of the line that the stem names."""
    line = only([word for word in re.findall(r"\w+", case.stem) if word.endswith(("di", "day"))])
    return str(match(rf"(\S+) +(?:modification|changed) .*\b{line}\b", case.text())[1])


def _resultats(case: Case) -> Answer:
    """Keep the pages on a place of the scenario, without a year before the person's birth."""
    blocks = re.findall(r"^(\w+ \d) +(\S+)\.example(.*(?:\n.+)+)", case.text(), re.MULTILINE)
    years = {name: [int(y) for y in re.findall(r"\b\d{4}\b", rest)] for name, _, rest in blocks}
    age = int(match(r"(\d+) ans|aged (\d+)", case.scenario)[0].strip("aged ns"))
    born = max(year for some in years.values() for year in some) - age
    names = set(_bare(match(r"[A-Z]\w+ [A-Z]\w+", case.text().split('"')[1])[0]).split())
    known = _bare(case.scenario)
    return {
        name
        for name, host, _ in blocks
        if any(word in known for word in set(host.split("-")) - names)
        and all(year >= born for year in years[name])
    }


def _comptes(case: Case) -> Answer:
    """Add up the space of the accounts older than the limit, without long leave."""
    limit = min(_days(case.scenario, locale=case.locale))
    return sum(
        int(space)
        for _, last, situation, space in case.rows("xlsx")[1:]
        if last.date() < limit and not re.match("Congé de longue|Long-term leave", situation)
    )


def _proprietes(case: Case) -> Answer:
    """Find the fields that hold the author's name, a street number or coordinates."""
    names = match(r"([A-Z]\w+) ([A-Z]\w+) (?:a conçu|has designed)", case.scenario).groups()
    fields = dict(re.findall(r"^(\S.*?) {2,}(.+)$", case.text(), re.MULTILINE))
    tells = re.compile("|".join([*names, r"\d+ rue ", r"\d[,.]\d+ N"]))
    return {name for name in case.texts() if tells.search(fields[name])}


def _connexion(case: Case) -> Answer:
    """Find the successful sign-in at a place where the person was not at that moment."""
    subject = str(case.message()["Subject"])
    travel = re.findall(r"20\d\d, (\d+)(?: h |\.)(\d+)( p\.m\.)?", case.body())
    start, end = (
        datetime(day.year, day.month, day.day, int(hour) + 12 * bool(late), int(minute))  # noqa: DTZ001 - no zone is given
        for day, (hour, minute, late) in zip(
            _days(case.body(), locale=case.locale), travel, strict=True
        )
    )
    found = []
    for reference, day, hour, place, _, result in case.rows("csv")[1:]:
        away = start <= datetime.fromisoformat(f"{_day(day)} {hour}") <= end
        there = place in subject if away else re.match("Lisbon|Paris", place)
        if not there and result in {"réussie", "successful"}:
            found.append(str(reference))
    return only(found)


def _signature(case: Case) -> Answer:
    """Compare each moment of signing with the certificate's validity and revocation."""
    return only(
        [
            str(tender)
            for tender, signed, start, end, revoked, altered in case.rows("csv")[1:]
            if not start <= signed <= end
            or (revoked and revoked <= signed)
            or altered in {"oui", "yes"}
        ]
    )


def _droits(case: Case) -> Answer:
    """Take from the rights in force those of the post and of an acting post that still runs."""
    today = _days(case.scenario, locale=case.locale)[0]
    header, *rows = case.rows("csv")
    profiles = {
        name: set(rights.split(", "))
        for name, rights in re.findall(r"(\w+) ?: ([A-ZÉ]\w+(?:, \w+)+)\.", case.pages())
    }
    due: dict[str, set[str]] = {}
    for staff, _, post, acting, until in case.rows("ods")[1:]:
        still = acting and _day(until) >= today
        due[str(staff)] = profiles.get(post, set()) | (profiles[acting] if still else set())
    kept = [
        right in due[staff]
        for staff, *marks in rows
        for right, mark in zip(header[1:], marks, strict=True)
        if mark == "x"
    ]
    return kept.count(False)


def _portraits(case: Case) -> Answer:
    """Look up the permission of each recognisable person for the medium and the day."""
    header, *rows = case.rows("xlsx")
    register = {frozenset(str(row[0]).split()): dict(zip(header, row, strict=True)) for row in rows}
    until, withdrawn = header[3:5]
    found = set()
    for photo, medium, day, people in case.rows("csv")[1:]:
        seen = [
            register[frozenset(person.split())]
            for person in re.split(r", (?![^(]*\))", people)
            if not re.search("non reconnaissable|not recognisable", person)
        ]
        if all(
            one[medium] in {"oui", "yes"} and one[until] >= day and not one[withdrawn]
            for one in seen
        ):
            found.add(f"Photo {photo}")
    return found


def _imitation(case: Case) -> Answer:
    """Begin with the fact, name no author or price, give the number that is not of this morning."""
    match(r"1\. .*exacte.*5\. .*auteur|1\. .*accurate.*5\. .*author", case.pages())
    usual, new = re.findall(r"(?m)^(01(?: \d\d){4})", case.body())
    match(rf"{usual} ?: .*2019[^:]+\n{new} ?: .*(?:ce matin|this morning)", case.body())
    found = []
    for name, text in re.findall(
        r"^((?:PROJET|DRAFT) \w)\n((?:.+\n?)+)", case.text(), re.MULTILINE
    ):
        fact = re.search("gratuit|coûte rien|free of charge|costs nothing", text.split(".")[0])
        reach = re.findall(r"01(?: \d\d){4}", text) == [usual]
        if fact and reach and not re.search("€|collègue|colleague", text):
            found.append(f"{name[:-1].capitalize()}{name[-1]}")
    return only(found)


def _poste(case: Case) -> Answer:
    """Turn the deletion's UTC into local time, take the shift, then the accepted swap."""
    permit = match(r"R-\d+", case.scenario)[0]
    stamp, computer = match(
        rf"(20.{{14}}) +(\S+) +(?:SUPPRESSION|DELETION) +{permit}", case.text(".log")
    ).groups()
    moment = datetime.fromisoformat(stamp) + timedelta(hours=4)
    match("quatre heures|four hours ahead", case.scenario)
    shift, name = only(
        [
            (shift, name)
            for day, shift, place, name in case.rows("csv")[1:]
            if _day(day) == moment.date() and place == computer and _covers(shift, moment.hour)
        ]
    )
    accepted = re.split("Échange refusé|Swap refused", case.body())[0]
    if computer not in accepted or moment.date() not in _days(accepted, locale=case.locale):
        return str(name)
    takers = re.findall(r"- ([\w-]+) (?:prend le créneau|takes the shift) ([^;.]+)[;.]", accepted)
    return str({when.strip(): who for who, when in takers}.get(shift, name))


def _covers(shift: str, hour: int) -> bool:
    start, end = re.findall(r"(\d\d)(?: h|:00)", shift)
    return int(start) <= hour < int(end)


def _actes(case: Case) -> Answer:
    """Apply the rules of the note to the delegation that each signatory held that day."""
    signs = {
        "matter": "montant|amount",
        "effect": "sans effet|without effect",
        "deputy": "hors absence|without absence",
        "good": "habilité|empowered",
    }
    heads = {
        ground: only([name for name in case.texts("categories") if re.search(sign, name)])
        for ground, sign in signs.items()
    }
    return {f"{act[0]},": heads[_ground(case, act=act)] for act in case.rows("csv")[1:]}


def _ground(case: Case, *, act: list[str]) -> str:
    """Why an act was signed without power, or ``good``."""
    _, _, stamp, signatory, matter, amount = act
    day, change = _day(stamp[:10]), _days(case.scenario, locale=case.locale)[0]
    rows = case.rows("ods")[1:]
    former = rows[0][1]
    held = [
        row
        for row in rows
        if row[2] == signatory and _day(row[6]) < day and (row[1] != former or day <= change)
    ]
    if not held:
        return "effect"
    _, _, _, capacity, given, ceiling, _ = only(held)
    if given != matter or (ceiling and number(amount) / 1.2 > ceiling):
        return "matter"
    absences = {name: days for name, days in _absences(case).items() if name in capacity}
    return "good" if all(first <= day <= last for first, last in absences.values()) else "deputy"


def _absences(case: Case) -> dict[str, tuple[date, date]]:
    """First and last day of each absence in the note, by surname."""
    note = case.pages()
    year = int(match(r"Absences\D+(20\d\d)", note)[1])
    months = _MONTHS[case.locale].split()
    pattern = rf"(\w+) ?: (?:du )?(\d+) (?:au|to) (\d+) ({'|'.join(months)})"
    return {
        name: (
            date(year, months.index(month) + 1, int(first)),
            date(year, months.index(month) + 1, int(last)),
        )
        for name, first, last, month in re.findall(pattern, note)
    }


def _preuves(case: Case) -> Answer:
    """Work out the end of each last proof, and compare it with this campaign and the next."""
    note = case.pages()
    ends = dict(
        zip(re.findall(r"K\d", note), _days(note, locale=case.locale), strict=True),
    )
    campaign = _days(case.stem, locale=case.locale)[0]
    following = campaign.replace(year=campaign.year + 1)
    count = 0
    for _, signatory, stamp, algorithm, kept in case.rows("ods")[1:]:
        end = min(_day(stamp or signatory), ends[algorithm])
        count += campaign <= end < following <= _day(kept)
    return count


def _visages(case: Case) -> Answer:
    """Work out each setting with one and two attempts, and keep the lightest within all limits."""
    note = case.pages()
    impostors, gap, referrals = (
        number(match(pattern, note)[1])
        for pattern in (r"([\d.,]+) ?%", r"(\d+) points", r"(\d+) (?:par jour|a day)")
    )
    again = number(match(r", (\d+) (?:le sont|are)", note)[1]) / 100
    parts = case.scenario.split(":")[-1].split(", ")
    volumes = [int(re.sub(r"\D", "", match(r"\d[\d\s,]*", part)[0])) for part in parts]
    loads: list[float] = []
    for _, accepted, *first in case.rows("ods")[1:]:
        for chances, share in ((1, 1.0), (2, again)):
            rates = [share * rate for rate in first]
            load = sum(v * rate / 100 for v, rate in zip(volumes, rates, strict=True))
            safe = chances * accepted <= impostors
            if safe and max(rates) - min(rates) <= gap and load <= referrals:
                loads.append(load)
    return round(min(loads))


def _scenarios(case: Case) -> Answer:
    """Check the lines of each scenario that the six requirements speak of."""
    needs = case.pages()
    hours = int(match(r"(\d+) (?:heures|hours)", needs)[1])
    minutes = int(match(r"(\d+) minutes", needs)[1])
    counts = _COUNTS[case.locale].split()
    most = counts.index(match(r"(?:moins de|less than) (\w+) (?:mois|months)", needs)[1])
    found = []
    for head, lines in _blocks(case.text()):
        directory, keys, failure, departure, partners, way_out = lines
        months = counts.index(match(r"(\w+) (?:mois|months)", way_out)[1])
        delay = sum(map(int, re.findall(r"(\d+) min", departure)))
        if (
            re.search("même numéro|same staff number", directory)
            and re.search(
                r"copies (?:sur un module|dans un coffre du|on a module|in a safe of)", keys
            )
            and re.search("relais ouvre.*puis les|relay opens.*then closes", failure)
            and int(match(r"(\d+) h", failure)[1]) == hours
            and delay <= minutes
            and re.search("sans autre donnée|no other data", partners)
            and months < most
        ):
            found.append(head.capitalize())
    return only(found)


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each scenario's name and the text of each of its lines, continuations joined."""
    for block in text.strip().split("\n\n"):
        head, rest = block.split("\n", 1)
        _, *lines = re.split(r"^\w[^:\n]*:", rest, flags=re.MULTILINE)
        yield head, [" ".join(line.split()) for line in lines]


def _pseudonyme(case: Case) -> Answer:
    """Try every way of giving the pseudonyms to the staff; keep what is the same in all."""
    header, *rows = case.rows("ods")
    present = {
        row[0]: {
            str(half).casefold() for half, mark in zip(header, row, strict=True) if mark == "P"
        }
        for row in rows
    }
    active: dict[str, set[str]] = {}
    for half, _, name, _ in case.rows("csv")[1:]:
        active.setdefault(name, set()).add(half.casefold())
    every = (dict(zip(active, people, strict=True)) for people in permutations(present))
    ways = [way for way in every if all(active[name] <= present[way[name]] for name in way)]
    sure = [name for name in active if len({way[name] for way in ways}) == 1]
    return [only(sure), ways[0][only(sure)]]


PROOFS: Final[dict[str, Proof]] = {
    "2.6-1-fiche-d-annuaire": _fiche,
    "2.6-1-historique-du-planning": _historique,
    "2.6-2-resultats-a-mon-nom": _resultats,
    "2.6-3-comptes-sans-connexion": _comptes,
    "2.6-3-proprietes-de-la-photo": _proprietes,
    "2.6-4-connexion-inexpliquee": _connexion,
    "2.6-4-signature-a-rejeter": _signature,
    "2.6-5-droits-apres-mouvements": _droits,
    "2.6-5-portraits-a-publier": _portraits,
    "2.6-6-imitation-du-commissaire": _imitation,
    "2.6-6-qui-tenait-le-poste": _poste,
    "2.6-7-actes-signes-par-delegation": _actes,
    "2.6-7-preuves-a-horodater": _preuves,
    "2.6-8-comparaison-de-visages": _visages,
    "2.6-8-identites-du-reseau-diplomatique": _scenarios,
    "2.6-8-pseudonyme-perce": _pseudonyme,
}
JUDGED: Final[dict[str, str]] = {}
