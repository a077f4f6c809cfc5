"""Keys of 2.4, collaborating through digital technologies, found again from the files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import inf
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof


def _cells(case: Case, suffix: str = "", *, place: int = 0) -> list[list[Any]]:
    """The rows of a table below its header."""
    return case.rows(suffix, place=place)[1:]


def _sondage(case: Case) -> Answer:
    """Where the line of the person's name meets the column of the half-day they are free."""
    name = match(r"(?:êtes|are) (\w+ \w+)\.", case.stem)[1]
    day = match(r"(?:Le|On) (\w+?)s?, (?:vous êtes libre|you are free)", case.stem)[1].lower()
    half_day = f"{day} {'matin' if re.search('jusqu.à midi', case.stem) else 'morning'}"
    texts = [part for part in case.drawing().iter() if part.text]
    columns: dict[str, str] = {}
    for part in texts:
        columns[part.attrib["x"]] = f"{columns.get(part.attrib['x'], '')} {part.text}".lower()
    x = float(only(x for x, heading in columns.items() if heading.startswith(f" {half_day}")))
    y = float(only(part.attrib["y"] for part in texts if part.text == name))
    regions = [one for one in case.interaction["regions"] if 0 < x - one["x"] < one["width"]]
    return {only(one["text"] for one in regions if 0 < y - one["y"] < one["height"])}


def _ma_tache(case: Case) -> Answer:
    """The earliest deadline among the person's tasks that are still to do."""
    person = match(r"(?:aider est|help is) (\w+)", case.stem)[1]
    to_do = match(r"[«\"]\s?(À faire|To do)\s?[»\"]", case.scenario)[1]
    mine = [row for row in _cells(case) if (row[2], row[4]) == (person, to_do)]
    return str(min(("".join(reversed(row[3].split("/"))), row[0]) for row in mine)[1])


def _actions(case: Case) -> Answer:
    """Look in each action for the name of someone who was there, then for a day of May."""
    no_day, no_person, ready = (
        only(kind for kind in case.texts("categories") if re.search(words, kind))
        for words in (r"\bjour\b|\bday\b", "person", "Prête|Ready")
    )
    present = re.findall(r"[A-Z]\. (\w+)", match(r"(?:Présents|Present) ?: (.+)", case.text())[1])
    kind_of: dict[str, str] = {}
    for letter, action in re.findall(r"(?m)^([A-Z])\. (.+)$", case.text()):
        dated = ready if re.search(r"\d+ (?:mai|May)", action) else no_day
        kind_of[f"{letter}, "] = dated if any(map(action.count, present)) else no_person
    return kind_of


def _livret(case: Case) -> Answer:
    """Size times messages times boxes: the different addresses of sender, readers and copies."""
    message, body = case.message(), case.body()
    boxes = {one.addr_spec for name in ("From", "To", "Cc") for one in message[name].addresses}
    size = number(match(r"\((\d+) (?:Mo|MB)\)", body)[1])
    return len(boxes) * size * number(match(r"(\d+) (?:envois|messages)", body)[1])


def _conflit(case: Case) -> Answer:
    """Of each item keep the quantity that was changed last in either file."""
    last: dict[str, tuple[str, int]] = {}
    for reference, _, quantity, changed in _cells(case, place=0) + _cells(case, place=1):
        last[reference] = max(last.get(reference, ("", 0)), (changed, quantity))
    return sum(quantity for _, quantity in last.values())


def _visioconference(case: Case) -> Answer:
    """The only hour when all required people are on duty and free, in the place of each gap."""
    text, rows = case.interaction["text"], _cells(case)
    free = set(range(24))
    for _, _, difference, presence, *spans in rows:
        if presence in ("requise", "required"):
            duty, busy = ({*range(*map(int, re.findall(r"\d+(?=\sh|:)", span)))} for span in spans)
            free &= {hour - difference for hour in duty - busy}
    differences = {row[1]: row[2] for row in rows if f" {row[1]}" in text}
    return [only(free) + differences[place] for place in sorted(differences, key=text.index)]


def _bloquante(case: Case) -> Answer:
    """Go back along what each waiting task depends on, to one that waits for nothing."""
    tasks = {row[0]: row for row in _cells(case)}
    task = tasks[match(r"\((T\d)\)", case.scenario)[1]]
    while re.match("En attente|Waiting", task[5]):
        task = tasks[task[3]]
    return str(task[2])


def _compte_rendu(case: Case) -> Answer:
    """A day given up later on, a number that hangs on a condition, a day of another recipient."""
    transcript, points = case.text(place=0), case.text(place=1)
    back = match(r"(?:reviens au|Back to the) (\w+)\. (?:Le|On the) (\d+)", transcript)
    wrong: set[str] = set()
    for mark, point in re.findall(r"(?m)^(\d)\. (.+)$", points):
        given_up = back[1] in point and re.search(rf"\b{back[2]}\b", point)
        unsure = re.search(rf"\b{point.split()[0]} (?:si|if) ", transcript)
        sent = re.search(r"(?:à la|to the) (direct\w+ \w+ \d+)\b", point)
        if given_up or unsure or (sent and not re.search(rf"{sent[1]}\b", transcript)):
            wrong.add(f"Point {mark},")
    return wrong


def _programmes(case: Case) -> Answer:
    """Of each number that has the year asked for, one amount, in euros whatever the header's."""
    year = match(r"(20\d\d)", case.stem)[1]
    amounts: dict[str, set[float]] = {}
    for place in range(3):
        header, *rows = case.rows(place=place)
        factor = 1000 if re.search("milliers|thousands", header[3]) else 1
        for operation, _, when, amount in rows:
            if str(when) == year:
                amounts.setdefault(operation, set()).add(factor * number(amount))
    return sum(map(only, amounts.values()))


def _passation(case: Case) -> Answer:
    """What the person who leaves owns alone, and is not marked as not to be kept."""
    leaver = match(r"(\w+) (?:quitte|leaves)", case.scenario)[1]
    owned = [row for row in _cells(case) if re.fullmatch(rf"\w\. {leaver}", row[2])]
    kept = [row[0] for row in owned if not re.search("ne pas garder|not to be kept", row[4])]
    return {only(filter(name.startswith, case.texts())) for name in kept}


_PARTS: Final = (
    ("Déplacer|Move", "regroupement en direct|déplacées en direct|live grouping|moved live"),
    ("Rédiger|Write", "à plusieurs|plusieurs personnes écrivent|by several|several people write"),
    ("Recueillir|Collect", "anonym"),
    ("Retenir|Choose", "limités|fixe le nombre de voix|limited votes|sets the number of votes"),
)
"""How each part of the workshop begins, and the words of a tool that does it."""


def _atelier(case: Case) -> Answer:
    """Keep the tools that all can use; of each part, the one that has what it needs."""
    pieces = re.split(rf"({'|'.join(case.texts('right'))})\. ", case.pages())[1:]
    bandwidth = number(match(r"(\d+) Mbit", case.scenario)[1])
    usable = {
        tool: text.lower()
        for tool, text in zip(pieces[::2], pieces[1::2], strict=True)
        if number(match(r"([\d.,]+) Mbit", text)[1]) <= bandwidth
        and not re.search("sans lire|without reading", text)
    }
    chosen: dict[str, str] = {}
    for begins, needs in _PARTS:
        part = only(part for part in case.texts("left") if re.match(begins, part))
        chosen[part] = only(tool for tool, text in usable.items() if re.search(needs, text))
    return chosen


@dataclass(frozen=True, slots=True)
class _Task:
    days: int
    person: str
    before: list[str]
    earliest: int = 1


def _ends(
    plan: dict[str, _Task], away: dict[str, set[int]], *, placed: dict[str, int]
) -> Iterator[int]:
    """The last day, for every order of the tasks; those placed with the day after their end."""
    if len(placed) == len(plan):
        yield max(placed.values()) - 1
    for name, task in plan.items():
        if name in placed or not {*task.before} <= placed.keys():
            continue
        same = [other for other in placed if plan[other].person == task.person]
        day = max([task.earliest, *map(placed.__getitem__, [*same, *task.before])])
        while away.get(task.person, set()) & {*range(day, day + task.days)}:
            day += 1
        yield from _ends(plan, away, placed={**placed, name: day + task.days})


def _tasks(text: str | None) -> list[str]:
    return re.findall(r"\bT\d\b", text or "")


def _retards(case: Case) -> Answer:
    """Date the plan as it was and with the delays, then lengthen the task until the end moves."""
    plan = {row[0]: _Task(row[3], row[0], _tasks(row[4])) for row in _cells(case)}

    def end(longer: Mapping[str, int]) -> int:
        changed = {one: replace(plan[one], days=plan[one].days + longer[one]) for one in longer}
        return next(_ends(plan | changed, {}, placed={}))

    told = r"(T\d)\D+(\d+) (?:jours|days)"
    delays = {name: int(days) for name, days in re.findall(told, case.scenario)}
    (name,) = _tasks(case.interaction["text"])
    slack = next(days for days in count() if end(delays | {name: days + 1}) > end(delays))
    return [end({}), end(delays) - end({}), slack]


def _synthese(case: Case) -> Answer:
    """Count again what each sentence says of the services, the half-days and the remarks."""
    rows = [" / ".join(str(cell or "") for cell in row[1:]) for row in _cells(case)]
    sentences = dict(re.findall(r"(?m)^(\d)\. (.+)$", case.text()))

    def having(words: str) -> list[str]:
        return [row for row in rows if re.search(words, row)]

    def said(mark: str, number_of: int) -> bool:
        words = {2: "deux|twice|two", 4: "quatre|four", 11: "onze|eleven"}[number_of]
        return re.search(rf"\b({words})\b", sentences[mark]) is not None

    overseas = having("^Outre-mer|^Overseas")
    true = {
        "1": said("1", len({row.split(" / ")[0] for row in rows})),
        "2": 2 * len(having("vendredi|Friday")) > len(rows),
        "3": said("3", len(having("Sous-titrer|Caption"))),
        "4": all(re.search("D'accord|I agree", row) for row in having("aucune|none")),
        "5": any("45" in row for row in having("^Juridique|^Legal")),
        "6": said("6", len(having("sous deux jours|within two days"))),
        "7": said("7", len(overseas)) and all(re.search("14 h|2 p.m.", row) for row in overseas),
    }
    return {f" {mark}," for mark in sentences if not true[mark]}


def _espace(case: Case) -> Answer:
    """Hold the tools that each option gives to the four uses against the letter, as extended."""
    tools, letter = {row[0]: row for row in _cells(case, ".ods")}, _articles(case.pages())
    few, everyone, tools_each = (_figures(letter[place])[0] for place in (0, 2, 4))
    budget = int(re.sub(r"\D", "", match(r"(\d[\s,]\d{3})", letter[4])[1]))
    months = _month(case.body()) - _month(letter[0]) + 1

    def fits(option: str) -> bool:
        clauses = re.findall(r"([A-F]) (?:pour|for) (.+?)(?=, [A-F] |$)", option)
        annex, closed, guide, plenary = (
            tools[only(tool for tool, uses in clauses if re.search(word, uses))]
            for word in ("annex", "agents|officials", "guide", "plén|plenary")
        )
        people = {annex[0]: few, closed[0]: few} | {guide[0]: everyone, plenary[0]: everyone}
        cost = months * sum(tools[tool][6] * accounts for tool, accounts in people.items())
        secret = people[annex[0]] == few or not re.search("tous|all", annex[3])
        qualified = {annex[2], closed[2]} <= {"oui", "yes"}
        usable = guide[5] == "ODF" and plenary[4] in {"en direct", "live"}
        return secret and qualified and usable and len(people) <= tools_each and cost <= budget

    return str(only(filter(fits, case.texts())))


def _month(text: str) -> int:
    """The first June or July of a text, counted in months."""
    month, year = match(r"(?i)\b(ju\w+) (20\d\d)", text).groups()
    return 12 * int(year) + (7 if "l" in month else 6)


def _trois_versions(case: Case) -> Answer:
    """Merge line by line from the original, counting those that the rules leave in conflict."""
    versions = [{row[0]: row[1:] for row in _cells(case, place=place)} for place in range(3)]
    merged: list[list[Any]] = []
    conflicts = 0
    for code in set().union(*versions):
        was, one, other = (version.get(code) for version in versions)
        clash = one != other and was not in (one, other)
        conflicts += clash
        value = was if clash else one if one != was else other
        if value is not None:
            merged.append(value)
    return [len(merged), sum(int(places) for _, places in merged), conflicts]


def _regles(case: Case) -> Answer:
    """Follow the log to the day asked for, and confirm the options nearest to a rule in force."""
    rows = [[re.sub(r" \(.*\)", "", cell) for cell in row] for row in _cells(case)]
    ((day, year),) = re.findall(r"(\d\d) (?:octobre|October) (\d{4})", case.stem)
    met = {match(r"(D\d\d)", row[3])[1] for row in rows if re.search("remplie$|met$", row[3])}
    adopted = [row for row in rows if re.match("adopt", row[4]) and row[5] <= f"{year}-10-{day}"]
    effective = [row for row in adopted if not row[7] or row[0] in met]
    in_force = {row[3] for row in effective if row[0] not in {other[6] for other in effective}}
    nearest = {one: _nearest(one, [row[3] for row in rows]) for one in case.texts()}
    return {option for option, subject in nearest.items() if subject in in_force}


def _nearest(option: str, subjects: Iterable[str]) -> str:
    """The subject that shares most with an option, by the beginnings of their words."""
    stems = {text: {word[:4] for word in text.lower().split()} for text in (option, *subjects)}
    mine = stems.pop(option)
    return max(stems, key=lambda text: len(stems[text] & mine) / len(stems[text] | mine))


_NAMES: Final = "deux two trois three cinq five huit eight trente thirty soixante sixty"


def _figures(text: str) -> list[int]:
    """The numbers that a text writes in words, in its order."""
    values = dict(zip(_NAMES.split(), (2, 2, 3, 3, 5, 5, 8, 8, 30, 30, 60, 60), strict=True))
    return [values[word] for word in text.lower().split() if word in values]


def _articles(note: str) -> list[str]:
    """The numbered points of a note."""
    return re.split(r"\b[1-6]\. (?=[A-ZÉ])", note)[1:]


def _organisation(case: Case) -> Answer:
    """Compute hours of a service, hours of the national team and days of each, and compare."""
    rules = _articles(case.pages())
    by_hand, check, confirm, write, approve, gather, proofread, positions = (
        60 * int(hours or 0) + int(minutes or 0)
        for hours, minutes in re.findall(r"(\d+) h\b|(\d+) min", rules[3] + rules[4])
    )
    most, team = _figures(rules[3])[0], int(match(r"(\d+) (?:heures|hours)", rules[4])[1])
    (latest, weeks), services = _figures(rules[5]), _figures(case.scenario)[0]

    def light(row: Sequence[Any]) -> bool:
        _, removal, _, dissent, read, down, usual, without = row
        by_others, waits = "national" in dissent, re.match("attente|wait", down)
        service = 2 * (by_hand if re.search("main|hand", removal) else check) + 2 * confirm
        service += approve if by_others else write
        each = (0 if waits else gather) + (proofread if read in {"tous", "all"} else 0)
        national = 2 * services * each + (positions if by_others else 0)
        days = usual + 7 * weeks if waits else without
        return all((service <= 60 * most, national <= 60 * team, days <= latest))

    def fair(row: Sequence[Any]) -> bool:
        gone, own = (re.search(sign, row[place]) for sign, place in (("ance|remo", 1), ("aut", 2)))
        return not gone and own is not None and not re.search("aussitôt|at once", row[3])

    return f" {only(filter(light, filter(fair, _cells(case, '.ods'))))[0]}"


def _suite(case: Case) -> Answer:
    """Add to each suite the modules it needs, drop those that lack one, take the cheapest."""
    staff = int(re.sub(r"\D", "", match(r"([\d\s,]+) (?:agents|members)", case.scenario)[1]))
    rate, people = int(match(r"(\d+)\s?%", case.pages())[1]), _figures(case.pages())[0]
    (header, *suites), modules = case.rows(".xlsx"), _cells(case, ".csv")

    def cost(price: object, charged: str) -> float:
        years = 4 if re.search(r"\ban\b|\byear\b", charged) else 1
        return number(price) * years * (staff if re.search("agent|person ", charged) else 1)

    def total(suite: Sequence[Any]) -> float:
        sums = [cost(suite[column], header[column]) for column in (8, 9)]
        for need, least in _needs(suite, rate=rate, people=people):
            fit = [row for row in modules if row[0] == suite[0] and re.match(need, row[1])]
            prices = [cost(*row[2:]) for row in fit if int(re.sub(r"\D", "", row[1]) or 0) >= least]
            sums.append(min(prices, default=inf))
        return sum(sums)

    cheapest = min(suites, key=total)
    return [cheapest[0], total(cheapest)]


def _needs(suite: Sequence[Any], *, rate: int, people: int) -> Iterator[tuple[str, int]]:
    """How a module that mends each fault of a suite begins, and the figure it must reach."""
    faults = (
        (not re.search("SecNumCloud|minist", suite[1]), "Hébergement|Hosting", 0),
        (re.match("oui|yes", suite[2]), "Assistance|Support", 0),
        (re.match("no", suite[3]), "Documents ODF|ODF", 0),
        (re.match("no", suite[4]), "Agendas|Diaries", 0),
        (suite[5] < rate, "Accessib", rate),
        (suite[6] < people, "Coédition|Co-editing", people),
        ("versions" not in suite[7], "Restitution|Exit", 0),
    )
    return ((need, least) for fault, need, least in faults if fault)


def _confier(case: Case) -> Answer:
    """Try every order of the tasks with each handed over; delay its start until the end moves."""
    absent = r"(\w+) (?:est absent |is away )?(?:les jours|on days) (\d+) (?:et|and) (\d+)"
    away = {one: {*range(int(a), int(b) + 1)} for one, a, b in re.findall(absent, case.scenario)}
    rows = _cells(case)
    plan = {row[0]: _Task(row[2], row[3], _tasks(row[4])) for row in rows}
    lent = {row[0]: replace(plan[row[0]], person=row[5]) for row in rows if row[5]}
    ends = {name: min(_ends({**plan, name: task}, away, placed={})) for name, task in lent.items()}
    end, name = min((end, name) for name, end in ends.items())

    def can_start(day: int) -> bool:
        later = {**plan, name: replace(lent[name], earliest=day)}
        return min(_ends(later, away, placed={})) == end

    return [name, max(filter(can_start, range(1, end))), end]


PROOFS: Final[dict[str, Proof]] = {
    "2.4-1-cocher-sa-disponibilite": _sondage,
    "2.4-2-ma-prochaine-tache": _ma_tache,
    "2.4-3-actions-pretes-a-suivre": _actions,
    "2.4-3-lien-ou-piece-jointe": _livret,
    "2.4-4-copie-en-conflit": _conflit,
    "2.4-4-reunion-outre-mer": _visioconference,
    "2.4-4-tache-bloquante": _bloquante,
    "2.4-5-compte-rendu-automatique": _compte_rendu,
    "2.4-5-fusion-des-programmes": _programmes,
    "2.4-5-passation-du-projet": _passation,
    "2.4-6-atelier-accessible": _atelier,
    "2.4-6-double-retard": _retards,
    "2.4-6-synthese-des-contributions": _synthese,
    "2.4-7-espace-interadministrations": _espace,
    "2.4-7-fusion-a-trois-versions": _trois_versions,
    "2.4-7-regles-en-vigueur": _regles,
    "2.4-8-retours-d-experience": _organisation,
    "2.4-8-suite-collaborative": _suite,
    "2.4-8-tache-a-confier": _confier,
}
JUDGED: Final[dict[str, str]] = {}
