"""Keys of 2.4, collaborating through digital technologies, found again from the files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import inf
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import (
    Answer,
    Case,
    ProofFailed,
    number,
    only,
)
from pacnum_api.domains.items.service.lint_bank.proofs import Proof


def _group(pattern: str, text: str) -> str:
    """What the pattern's first group is in a text. Raises ProofFailed when it is not there."""
    match = re.search(pattern, text)
    if match is None:
        raise ProofFailed(f"{pattern!r} is not in {text!r}")
    return match[1]


def _cells(case: Case, suffix: str = "", *, place: int = 0) -> list[list[Any]]:
    """The rows of a table below its header."""
    return case.rows(suffix, place=place)[1:]


def _sondage(case: Case) -> Answer:
    """Where the line of the person's name meets the column of the half-day they are free."""
    name = _group(r"(?:êtes|are) (\w+ \w+)\.", case.stem)
    day = _group(r"(?:Le|On) (\w+?)s?, (?:vous êtes libre|you are free)", case.stem).lower()
    half_day = f"{day} {'matin' if re.search('jusqu.à midi', case.stem) else 'morning'}"
    texts = [part for part in case.drawing().iter() if part.text]
    columns: dict[float, str] = {}
    for part in texts:
        x = float(part.attrib["x"])
        columns[x] = f"{columns.get(x, '')} {part.text}".lower()
    x = only(x for x, heading in columns.items() if heading.startswith(f" {half_day}"))
    y = float(only(part.attrib["y"] for part in texts if part.text == name))
    regions = [one for one in case.interaction["regions"] if 0 < x - one["x"] < one["width"]]
    return {only(one["text"] for one in regions if 0 < y - one["y"] < one["height"])}


def _ma_tache(case: Case) -> Answer:
    """The earliest deadline among the person's tasks that are still to do."""
    person = _group(r"(?:aider est|help is) (\w+)", case.stem)
    to_do = _group(r"[«\"]\s?(À faire|To do)\s?[»\"]", case.scenario)
    mine = [row for row in _cells(case) if (row[2], row[4]) == (person, to_do)]
    days = {"".join(reversed(row[3].split("/"))): row[0] for row in mine}
    return str(days[min(days)])


def _actions(case: Case) -> Answer:
    """Look in each action for the name of someone who was there, then for a day of May."""
    no_day, no_person, ready = (
        only(kind for kind in case.texts("categories") if re.search(words, kind))
        for words in (r"\bjour\b|\bday\b", "person", "Prête|Ready")
    )
    present = re.findall(r"[A-Z]\. (\w+)", _group(r"(?:Présents|Present) ?: (.+)", case.text()))
    kind_of: dict[str, str] = {}
    for letter, action in re.findall(r"(?m)^([A-Z])\. (.+)$", case.text()):
        dated = ready if re.search(r"\d+ (?:mai|May)", action) else no_day
        kind_of[f"{letter}, "] = dated if any(map(action.count, present)) else no_person
    return kind_of


def _livret(case: Case) -> Answer:
    """Size times messages times boxes: the different addresses of sender, readers and copies."""
    message, body = case.message(), case.body()
    boxes = {one.addr_spec for name in ("From", "To", "Cc") for one in message[name].addresses}
    size = number(_group(r"\((\d+) (?:Mo|MB)\)", body))
    return len(boxes) * size * number(_group(r"(\d+) (?:envois|messages)", body))


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
    hour = only(free)
    differences = {row[1]: row[2] for row in rows if f" {row[1]}" in text}
    return [hour + differences[place] for place in sorted(differences, key=text.index)]


def _bloquante(case: Case) -> Answer:
    """Go back along what each waiting task depends on, to one that waits for nothing."""
    tasks = {row[0]: row for row in _cells(case)}
    task = tasks[_group(r"\((T\d)\)", case.scenario)]
    while re.match("En attente|Waiting", task[5]):
        task = tasks[task[3]]
    return str(task[2])


def _compte_rendu(case: Case) -> Answer:
    """A point that was put off, is given to who declined it, or is true on a condition only."""
    transcript, points = case.text(place=0), case.text(place=1)
    topics = re.findall(r"Point \d, (?:les? |la |the )?(.+)", "\n".join(sorted(case.texts())))
    starts = [*(transcript.lower().index(topic.lower()) for topic in topics), len(transcript)]
    wrong: set[str] = set()
    for mark, point in re.findall(r"(?m)^(\d)\. (.+)$", points):
        passage = transcript[starts[int(mark) - 1] : starts[int(mark)]]
        first = point.split()[0]
        declined = rf"\n{first.upper()}\s?: .*(?:impossible|can't)"
        if re.search(rf"reparle|talk about it again|{declined}|\b{first} (?:si|if)\b", passage):
            wrong.add(f"Point {mark},")
    return wrong


def _programmes(case: Case) -> Answer:
    """Of each number that has the year asked for, one amount, in euros whatever the header's."""
    year = _group(r"(20\d\d)", case.stem)
    amounts: dict[str, float] = {}
    for place in range(3):
        header, *rows = case.rows(place=place)
        factor = 1000 if re.search("milliers|thousands", header[3]) else 1
        for operation, _, when, amount in rows:
            euros = factor * number(amount)
            if str(when) == year and amounts.setdefault(operation, euros) != euros:
                raise ProofFailed(f"{operation} has two amounts")
    return sum(amounts.values())


def _passation(case: Case) -> Answer:
    """What the person who leaves owns alone, and is not marked as not to be kept."""
    leaver = _group(r"(\w+) (?:quitte|leaves)", case.scenario)
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
    bandwidth = number(_group(r"(\d+) Mbit", case.scenario))
    usable = {
        tool: text.lower()
        for tool, text in zip(pieces[::2], pieces[1::2], strict=True)
        if number(_group(r"([\d.,]+) Mbit", text)) <= bandwidth
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
        """The last day; any order will do, since each task has a person of its own."""
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
    """Hold the tool that each option gives annex, guide and meetings against the four rules."""
    tools = {row[0]: row[1:] for row in _cells(case)}

    def fits(option: str) -> bool:
        clauses = re.findall(r"([A-F]) (?:pour|for) (.+?)(?=, [A-F] |$)", option)
        annex, guide, meetings = (
            tools[only(tool for tool, uses in clauses if re.search(word, uses))]
            for word in ("annex", "guide", "réunions|meetings")
        )
        closed = re.match("oui|yes", annex[1]) and not re.search("tous|all", annex[2])
        shared = guide[2].startswith("adm") and meetings[2].startswith("adm")
        return bool(closed and shared and guide[4] == "ODF" and re.match("oui|yes", meetings[3]))

    return str(only(filter(fits, case.texts())))


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
    met = {_group(r"(D\d\d)", row[3]) for row in rows if re.search("remplie$|met$", row[3])}
    adopted = [row for row in rows if re.match("adopt", row[4]) and row[5] <= f"{year}-10-{day}"]
    effective = [row for row in adopted if not row[7] or row[0] in met]
    replaced = {row[6] for row in effective}
    in_force = {row[3] for row in effective if row[0] not in replaced}
    subjects = [row[3] for row in rows]
    return {option for option in case.texts() if _nearest(option, subjects) in in_force}


def _nearest(option: str, subjects: Iterable[str]) -> str:
    """The subject that shares most with an option, by the beginnings of their words."""
    stems = {text: {word[:4] for word in text.lower().split()} for text in (option, *subjects)}
    mine = stems.pop(option)
    return max(stems, key=lambda text: len(stems[text] & mine) / len(stems[text] | mine))


def _figures(text: str) -> list[int]:
    """The numbers that a text writes in words, in its order."""
    written = {"trois": 3, "three": 3, "trente": 30, "thirty": 30}
    return [written[word] for word in text.lower().split() if word in written]


def _organisation(case: Case) -> Answer:
    """Hold each arrangement against the note: secrecy, references, dissent, hours, days."""
    rules = re.split(r"\b[1-5]\. (?=[A-ZÉ])", case.pages())
    times = re.findall(r"(\d+) h(?: (\d+))?|(\d+) min", rules[4])
    by_hand, check, confirm, read = (
        60 * int(hours or 0) + int(rest or minutes or 0) for hours, rest, minutes in times
    )
    (most,), (latest, weeks) = _figures(rules[4]), _figures(rules[5])

    def meets(row: Sequence[Any]) -> bool:
        _, removal, confirmed, reading, dissent, down, days = row
        own = "auth" in confirmed or "auteur" in confirmed
        minutes = 2 * (by_hand if re.search("main|hand", removal) else check) + 2 * confirm
        minutes += read if re.search("enseignements|lessons", reading) else 0
        days += 7 * weeks if re.search("attente|wait", down) else 0
        fair = own and "national" not in removal and dissent.startswith("positions")
        return fair and minutes <= 60 * most and days <= latest

    return f" {only(filter(meets, _cells(case, '.ods')))[0]}"


def _suite(case: Case) -> Answer:
    """Add to each suite the modules it needs, drop those that lack one, take the cheapest."""
    staff = int(re.sub(r"\D", "", _group(r"([\d\s,]+) (?:agents|members)", case.scenario)))
    rate, people = int(_group(r"(\d+)\s?%", case.pages())), _figures(case.pages())[0]
    header, *suites = case.rows(".xlsx")

    def cost(price: object, charged: str) -> float:
        """What a price comes to over four years, for all the staff."""
        years = 4 if re.search(r"\ban\b|\byear\b", charged) else 1
        return number(price) * years * (staff if re.search("agent|person ", charged) else 1)

    def total(suite: Sequence[Any]) -> float:
        """The cost with the modules needed; infinite when one is not in the catalogue."""
        own = [row[1:] for row in _cells(case, ".csv") if row[0] == suite[0]]
        sums = [cost(suite[column], header[column]) for column in (8, 9)]
        for need, least in _needs(suite, rate=rate, people=people):
            fit = [row for row in own if re.match(need, row[0])]
            prices = [cost(*row[1:]) for row in fit if int(re.sub(r"\D", "", row[0]) or 0) >= least]
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
