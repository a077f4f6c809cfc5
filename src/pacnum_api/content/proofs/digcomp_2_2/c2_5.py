"""Keys of 2.5, netiquette, found again from the files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof


def _cells(case: Case, suffix: str = "", *, place: int = 0) -> list[list[Any]]:
    """The rows of a table below its header."""
    return case.rows(suffix, place=place)[1:]


def _first(kinds: Mapping[str, str], text: str) -> str:
    """The first kind whose pattern is in a text; the last pattern may be empty."""
    return next(kind for kind, pattern in kinds.items() if re.search(pattern, text))


def _sorted(texts: Iterable[str], parts: list[str], *, kinds: Mapping[str, str]) -> Answer:
    """For each text, the only part that reads like the text's first kind."""
    return {text: only(p for p in parts if re.search(_first(kinds, text), p)) for text in texts}


def _joined(text: str) -> str:
    """A note's text on one line."""
    return " ".join(text.split())


def _message_qui_crie(case: Case) -> Answer:
    """The region around the only line that is drawn in capitals."""
    lines = [part for part in case.drawing().iter() if part.tag.endswith("text")]
    y = float(only(line.attrib["y"] for line in lines if [*line.itertext()][-1].isupper()))
    spans = {one["text"]: (one["y"], one["height"]) for one in case.interaction["regions"]}
    return {only(text for text, (top, height) in spans.items() if 0 < y - top < height)}


_SIGNATURE: Final = {
    r"prénom|first name": r"(?m)^[A-Z]\w+ [A-Z]\w+$",
    r"fonction|position": r"Chargé|adviser",
    r"service|department": r"(?i)service|department",
    r"téléphone|telephone": r"\d\d \d\d \d\d \d\d \d\d",
    r"horaires|hours": r"\d h \d\d|\d a\.m\.",
}
"""The words for each thing that a signature gives, and how it looks there."""


def _signature_incomplete(case: Case) -> Answer:
    """The things listed in the situation that are not below the line of two dashes."""
    signature = case.body().split("\n--")[1]
    missing = [
        thing
        for thing, look in _SIGNATURE.items()
        if re.search(thing, case.scenario) and not re.search(look, signature)
    ]
    return {only(one for one in case.texts() if re.search(thing, one)) for thing in missing}


def _avant_la_traduction(case: Case) -> Answer:
    """A date in figures, an acronym that stands alone, a figure of speech."""
    match("imagée.*nom du mois.*nom complet|figurative.*the month.*full name", _joined(case.text()))
    faults = (
        r"\b\d\d/\d\d\b|(?<!\()\b[A-Z]{2,}\b"
        "|tombe à l'eau|dans les clous|up in smoke|out of the woods"
    )
    return {option for option in case.texts() if re.search(faults, option)}


def _messages_hors_horaires(case: Case) -> Answer:
    """Count what was sent before or after the hours or on a weekend, and was not on call."""
    start, end = map(int, re.findall(r"(\d+) (?:h\b|[ap]\.m\.)", case.scenario))
    end += 12 * (end < start)
    return sum(
        duty in {"non", "no"}
        and (day[:3] in {"sam", "dim", "Sat", "Sun"} or not start <= int(time[:2]) < end)
        for _, day, time, duty in _cells(case)
    )


def _reponses_a_tous(case: Case) -> Answer:
    """Every mailbox but the author's, of the replies to all that oblige nobody to anything."""
    obliges = r"se tient en|doit venir|commence à|takes place in|must bring|begins at"
    return sum(
        int(number(boxes)) - 1
        for _, _, text, mode, boxes in _cells(case)
        if mode in {"à tous", "to all"} and not re.search(obliges, text)
    )


def _delais_de_la_charte(case: Case) -> Answer:
    """Date every limit from the charter's days, late hour and closing days, and count."""
    charter, numbers = case.pages(), {"deuxième": 2, "second": 2, "cinquième": 5, "fifth": 5}
    limits = re.findall(r"(?:le|the) (\w+) (?:jour ouvré qui|working day after)", charter)
    ordinary, urgent = (numbers[word] for word in limits)
    hour = match(r"(\d+ h|\d+ p\.m\.) (?:ou|or)", charter)[1]
    evening = int(hour.split()[0]) + 12 * ("p.m." in hour)
    closing = match(r"(?:ferme en outre|also closes on) (.+?) (?:mai|May)", charter)[1]
    closed = {date(2026, 5, int(day)) for day in re.findall(r"\d+", closing)}

    def late(row: Sequence[str]) -> bool:
        _, received, time, kind, _, answered = row
        days = (urgent if kind.startswith("urgent") else ordinary) + (int(time[:2]) >= evening)
        return _day(answered) > _after(_day(received), days, closed=closed)

    return sum(map(late, _cells(case, ".csv")))


def _day(text: str) -> date:
    """A day written 31/12/2027 or 2027-12-31."""
    return date.fromisoformat("-".join(reversed(text.split("/"))))


def _after(day: date, working_days: int, *, closed: set[date]) -> date:
    """The working day that comes so many working days after a day."""
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < 5 and day not in closed
    return day


def _mention_ia(case: Case) -> Answer:
    """A decision drafted by the assistant, or a draft sent to a resident unmarked or unread."""
    names = match(r"(?:personne|person) \((.+?)\)", case.text())[1].split(", ")

    def breaks(row: Sequence[Any]) -> bool:
        _, subject, reader, share, checker, mark, sent = row
        decision = subject.lower().startswith(tuple(names))
        careless = checker in {"personne", "nobody"} or mark in {"non", "no"}
        resident = bool(re.match("habitant|resident", reader)) and sent in {"oui", "yes"}
        return share in {"premier jet", "first draft"} and (decision or (resident and careless))

    return str(only(row[0] for row in _cells(case, ".xlsx") if breaks(row)))


_POSTS: Final = {
    r"Renoncer|Do not": r"(?:surveillante|officer).*(?:je vote|I am voting)|détenu|prisoner",
    r"Modifier|Change": r"à six|six of us|clefs|keys",
    r"tel quel|as it is": "",
}
"""Each piece of advice, with the words of a post that call for it; the first that fits."""


def _reserve_sur_les_reseaux(case: Case) -> Answer:
    """Look in each post for what the charter's articles bar, or would have cropped."""
    match("métier.*en bien.*recadre.*nombre|job.*is kind.*cropped.*numbers", _joined(case.pages()))
    return _sorted(case.texts("entries"), case.texts("categories"), kinds=_POSTS)


_REACTIONS: Final = {
    r"^Supprimer et ne|^Delete and add": r"boutique|shop",
    r"^Laisser visible et ne|^Leave visible and add": r"est de la ville|from the town",
    r"^Capturer|^Capture": r"à \d+ h par|at \d+ p\.m\. by",
    r"message privé|privately": r"[Jj]e suis|I have",
    r"bonne information|right information": r"hôpital|hospital",
    r"corriger|correct": r"",
}
"""How the reaction that a point of the charter asks for reads, and what calls for it first."""


def _moderer_la_page(case: Case) -> Answer:
    """Give each comment the reaction of the charter's point that goes before the others."""
    match("rectifie.*privé.*à part|corrects.*private.*elsewhere", _joined(case.text()))
    return _sorted(case.texts("left"), case.texts("right"), kinds=_REACTIONS)


_LINE: Final = r"(?m)^\[(\d+)\] +(\d+)/(\d+) \S+ (\S+) +: (.+)$"
_QUARREL: Final = r"pas d'accord|À refaire|do not agree|To be redone"


def _pieces_du_signalement(case: Case) -> Answer:
    """What belittles someone for their age, and three mockeries by one person in ten days."""
    match(r"(?:trois|three) .* (?:dix jours|ten days)", _joined(case.text("procedure.txt")))
    people = re.findall(r"(?:par|by) ([A-Z]\w+) (?:et|and) ([A-Z]\w+)", case.scenario)[0]
    mocked: dict[tuple[str, str], list[tuple[date, str]]] = {}
    kept: set[str] = set()
    for mark, day, month, author, text in re.findall(_LINE, case.text(".log")):
        target = next((person for person in people if person in text and person != author), None)
        erased = re.search(r"effacé|deleted", text) and not re.search("capture|screenshot", text)
        if target is None or erased or re.search(_QUARREL, text):
            continue
        if re.search(r"\d+ ans|at \d+", text):
            kept.add(mark)
        mocked.setdefault((author, target), []).append((date(2026, int(month), int(day)), mark))
    for series in mocked.values():
        for first, _ in series:
            near = [mark for when, mark in series if 0 <= (when - first).days <= 10]
            kept |= set(near) if len(near) >= 3 else set()
    return {f"Message {mark}," for mark in kept}


def _rappel_de_loyer(case: Case) -> Answer:
    """Of the versions that meet the four limits, the least accusing, then the shortest in full."""
    rule = _joined(case.text())
    least, most = (int(share) / 100 for share in re.findall(r"(\d+) ?%", rule))
    longest, notice = map(int, re.findall(r"(\d+) (?:caractères|characters)", rule))
    header, *rows = case.rows(".ods")
    sizes = [int(match(r"(\d+)\)", title)[1]) for title in header[1:5]]
    admitted: list[tuple[int, int, str]] = []
    for name, *counts, length, noticed, deadline in rows:
        *understood, accusing = (one / size for one, size in zip(counts, sizes, strict=True))
        full = length + (0 if noticed in {"oui", "yes"} else notice)
        clear = min(understood) >= least and deadline not in {"émoji", "emoji"}
        if clear and accusing <= most and full <= longest:
            admitted.append((counts[-1], full, name))
    return min(admitted)[2]


_COMMENTS: Final = {
    "advertising": r"bas prix|Crédit|cheaply|Loans",
    "threat": r"regretter|coups de|aura mal|je le frappe|sorry|with sticks|get hurt|will hit",
    "insult": r"abruti|idiote|menteuse|moron|idiot|liar",
    "wrong": r"\| (?:inexact|wrong)",
    "opinion": "",
}
"""Words of the comments, then of the check of their facts; an earlier kind goes before."""


def _audit_de_moderation(case: Case) -> Answer:
    """Find each comment's article, and count what it asks for and was not done."""
    hours = int(match(r"(\d+) (?:heures|hours)", case.pages())[1])
    return sum(sum(_faults(row, hours)) for row in _cells(case, ".xlsx"))


def _faults(row: Sequence[Any], hours: int) -> Iterator[bool]:
    """For each obligation of the article that a comment follows: whether it was not met."""
    _, comment, check, decision, capture, report, answer = row
    kind = _first(_COMMENTS, f"{comment} | {check}")
    visible = bool(re.search("visible", decision))
    if kind in {"opinion", "wrong"}:
        yield not visible
    if kind == "wrong":
        yield not isinstance(answer, int | float) or answer > hours
    if kind in {"insult", "threat"}:
        yield capture not in {"oui", "yes"}
    if kind == "insult":
        yield visible
    if kind == "threat":
        yield decision not in {"masqué", "hidden"}
        yield report not in {"oui", "yes"}
    if kind == "advertising":
        yield decision not in {"supprimé", "deleted"}
        yield isinstance(answer, int | float)


def _minutes(text: str) -> int:
    return 60 * int(text[:2]) + int(text[3:])


def _envoi_a_sept_sites(case: Case) -> Answer:
    """Try every pair of moments at which a site begins or ceases to be reachable."""
    match(r"(?:deux|two) (?:heures|hours)", _joined(case.text()))
    ready, deadline = map(_minutes, re.findall(r"\d\d:\d\d", case.scenario))
    sites = [
        [
            (max(ready, _minutes(opens) + midnight), _minutes(closes) - 120 + midnight)
            for midnight in (24 * 60 * day - 60 * shift for day in range(3))
            if _minutes(closes) - 120 + midnight >= ready
        ]
        for _, shift, opens, closes in _cells(case, ".ods")
    ]
    moments = sorted({moment for site in sites for span in site for moment in span})

    def reached(*sends: int) -> bool:
        return all(any(a <= send <= z for send in sends for a, z in site) for site in sites)

    plans = [
        pair for pair in combinations(moments, 2) if pair[1] < deadline + 24 * 60 and reached(*pair)
    ]
    first, second = min(plans)
    latest = max(other for one, other in plans if one == first)
    fewest = not any(map(reached, moments)) and first < 24 * 60 <= second
    return [f"{at // 60 % 24:02d}:{at % 60:02d}" for at in (first, second, latest) if fewest]


def _fil_qui_s_envenime(case: Case) -> Answer:
    """In copy who still decides, a quotation with its condition, the first slot free for both."""
    history = _joined(case.body().replace(">", " "))
    decides = match(r"(?:Mme|Ms) (\w+) (?:seule|can decide)", history)[1]
    condition = match(r"((?:sauf|unless) .+?)\.", history)[1]
    free = (["libre", "libre"], ["free", "free"])
    slot = next(row[0] for row in _cells(case, ".csv") if row[1:] in free)
    day, hour = re.split(r" \d+ \w+, ", slot)

    def complies(option: str) -> bool:
        copy = re.findall(r"[A-Z]\w+ ([A-Z]\w+)", re.split('[«"]', option)[0])
        quoted = re.findall(r": [“'](.+?)[”']\.", option)
        faithful = any(text in history and condition in text for text in quoted)
        in_time = re.search(rf"{day}\b.+\b{re.escape(hour)}", option)
        return copy == [decides] and faithful and bool(in_time)

    return str(only(option for option in case.texts() if complies(option)))


_SCOPES: Final = {
    r"^un même agent$|same member": 2,
    r"d'un même service|of one department": 1,
    r"tous services|all departments": 0,
}
"""Whom the comments may target together, and how many signs their names then have in common."""


def _la_regle_dans_les_cas(case: Case) -> Answer:
    """Try every number, scope, span and treatment of withdrawals on the twelve decisions."""
    rows = _cells(case)
    blanks = case.interaction["blanks"]
    scopes, treatments = ([one["text"] for one in blanks[place]["options"]] for place in (1, 3))
    found: tuple[int, str, int, str] = only(
        rule
        for rule in product(range(2, 7), scopes, range(31), treatments)
        if all(_suspends(rule, row) == row[4].startswith("suspend") for row in rows)
    )
    return found


def _suspends(rule: tuple[int, str, int, str], row: Sequence[str]) -> bool:
    """Whether a rule suspends an account of the register."""
    count, scope, span, withdrawn = rule
    signs = next(signs for words, signs in _SCOPES.items() if re.search(words, scope))
    posts = [
        (int(day), person[:signs])
        for day, person in zip(row[1].split(", "), row[2].split(", "), strict=True)
        if day != row[3] or re.search("comme les autres|like the others", withdrawn)
    ]
    return any(
        len({shared for _, shared in some}) == 1 and some[-1][0] - some[0][0] <= span
        for some in combinations(posts, count)
    )


def _agente_prise_pour_cible(case: Case) -> Answer:
    """Time every step of each plan; keep the one in time that says, hides and leaves nothing."""
    points = re.split(r"[1-5]\. (?=[A-ZÉ])", case.pages())
    each, wait = int(match(r"(\d+) min", points[1])[1]), int(match(r"(\d) h\w+s", points[2])[1])
    start, end = match(r"\d+(?= h| p)", case.scenario)[0], match(r"\d+(?= h| p)", points[2])[0]
    numbers = {kind: int(posts) for kind, posts in _cells(case, ".csv")}

    def in_time(order: str) -> bool:
        minutes = 60 * wait
        for step in order.split(";"):
            kinds = [kind for kind in numbers if kind in step]
            minutes += each * sum(numbers[kind] for kind in kinds)
            urgent = any(kind[:6] in points[2] for kind in kinds)
            if urgent and minutes > 60 * (int(end) - int(start)):
                return False
        return re.match("signaler|report", order) is None

    signs = ("saisies|told", "rien|nothing", "^visible")
    plans = [row for row in _cells(case, ".ods") if in_time(row[1])]
    return f"lan {only(row[0] for row in plans if all(map(re.search, signs, row[2:])))}"


def _sobriete_de_la_messagerie(case: Case) -> Answer:
    """Try all sets of three measures against the seven points of the specifications."""
    text = match(r"(?s).*(?:trois|three) (?:mesures|measures).*", case.text())[0]
    needs = [int(now) - int(then) for now, then in re.findall(r"\s(\d+) +(\d+)\n", text)]
    hours = int(match(r"(\d+) (?:heures|hours)", _joined(text))[1])
    lists, letter, page, screen = re.findall(r"[«\"] ?([^«»\"]+?) ?[»\"]", _joined(text))
    measures = {row[0]: row[1:] for row in _cells(case, ".xlsx")}

    def meets(plan: tuple[str, ...]) -> bool:
        drops = {name: list(map(int, measures[name][:3])) for name in plan}
        if page in plan and screen not in plan:
            drops[page][0] = 0
        if lists in plan and letter in plan:
            one, other = drops.pop(lists), drops.pop(letter)
            drops["both"] = [max(pair) for pair in zip(one, other, strict=True)]
        totals = [sum(column) for column in zip(*drops.values(), strict=True)]
        return (
            all(total >= need for total, need in zip(totals, needs, strict=True))
            and all(re.search("aussitôt|at once", measures[name][3]) for name in plan)
            and any(not re.search("inchang|unchang", measures[name][4]) for name in plan)
            and sum(measures[name][5] for name in plan) <= hours
        )

    return set(only(plan for plan in combinations(measures, 3) if meets(plan)))


PROOFS: Final[dict[str, Proof]] = {
    "2.5-1-message-qui-crie": _message_qui_crie,
    "2.5-2-signature-incomplete": _signature_incomplete,
    "2.5-4-avant-la-traduction": _avant_la_traduction,
    "2.5-4-messages-hors-horaires": _messages_hors_horaires,
    "2.5-4-reponses-a-tous": _reponses_a_tous,
    "2.5-5-delais-de-la-charte": _delais_de_la_charte,
    "2.5-5-mention-ia": _mention_ia,
    "2.5-5-reserve-sur-les-reseaux": _reserve_sur_les_reseaux,
    "2.5-6-moderer-la-page": _moderer_la_page,
    "2.5-6-pieces-du-signalement": _pieces_du_signalement,
    "2.5-6-rappel-de-loyer": _rappel_de_loyer,
    "2.5-7-audit-de-moderation": _audit_de_moderation,
    "2.5-7-envoi-a-sept-sites": _envoi_a_sept_sites,
    "2.5-7-fil-qui-s-envenime": _fil_qui_s_envenime,
    "2.5-8-agente-prise-pour-cible": _agente_prise_pour_cible,
    "2.5-8-la-regle-dans-les-cas": _la_regle_dans_les_cas,
    "2.5-8-sobriete-de-la-messagerie": _sobriete_de_la_messagerie,
}
JUDGED: Final[dict[str, str]] = {}
