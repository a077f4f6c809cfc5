"""Keys of 1.1, browsing, searching and filtering, found again from the files."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from math import ceil
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

_Hits = Callable[[str], set[Any]]
_MONTHS: Final = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}


def _group(pattern: str, text: str) -> str:
    """What the pattern's group is in a text. Raises ProofFailed when it is not there."""
    found = match(pattern, text, flags=re.DOTALL)
    return next(group for group in found.groups() if group is not None)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _region_with(case: Case, text: str) -> set[str]:
    """The region of a drawing in which a text is written, the only one in the drawing."""
    element = only(part for part in case.drawing().iter() if part.text == text)
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    return {
        only(
            region["text"]
            for region in case.interaction["regions"]
            if 0 < x - region["x"] < region["width"] and 0 < y - region["y"] < region["height"]
        )
    }


def _search(query: str, hits: _Hits, *, operators: Sequence[str]) -> set[Any]:
    """What a query finds: and, or, not from left to right, one level of brackets first."""

    def operand(term: str) -> set[Any]:
        return _search(term[1:-1], hits, operators=operators) if term[0] == "(" else hits(term)

    first, *rest = re.findall(r"\([^()]*\)|[^\s()]+", query)
    found = operand(first)
    for operator, term in zip(rest[::2], rest[1::2], strict=True):
        other = operand(term)
        found = [found & other, found | other, found - other][operators.index(operator)]
    return found


def _by_cue(case: Case, sections: Mapping[str, str], *, cues: Sequence[tuple[str, ...]]) -> Answer:
    """Each part to the section with the words it needs; a cue is part and words, fr then en."""
    place = {"fr": 0, "en": 2}[case.locale]
    pairs = [cue[place : place + 2] for cue in cues]
    return {
        part: only(name for name, text in sections.items() if words in text)
        for part, words in pairs
    }


def _horaires(case: Case) -> Answer:
    """The only result in the drawing that names the law library and its opening hours."""
    wanted = {"fr": {"bibliothèque", "droit", "horaires"}, "en": {"law", "library", "hours"}}
    texts = {part.text or "" for part in case.drawing().iter()}
    titled = {text for text in texts if "/" not in text and wanted[case.locale] <= _words(text)}
    return _region_with(case, only(titled))


def _poste(case: Case) -> Answer:
    """The tile in which the drawing writes the directory of people."""
    return _region_with(case, {"fr": "Annuaire du personnel", "en": "Staff directory"}[case.locale])


def _objet(case: Case) -> Answer:
    """The only line of the register whose object and place are those of the scenario."""
    scenario = case.scenario.casefold()
    return number(
        only(
            row[0]
            for row in case.rows(".csv")[1:]
            if all(re.search(rf"\b{re.escape(cell.casefold())}\b", scenario) for cell in row[1:])
        )
    )


def _conge(case: Case) -> Answer:
    """The option that shows, of the titles in the file, only the paternity leave's duration."""
    wanted = {"fr": {"paternité", "durée"}, "en": {"paternity", "duration"}}[case.locale]
    titles = [_words(line) for line in case.text().splitlines() if line.strip()]
    sheet = only(title for title in titles if wanted <= title)

    def shown(option: str) -> list[set[str]]:
        return [title for title in titles if _words(option) <= title]

    return str(only(option for option in case.texts() if shown(option) == [sheet]))


def _conteneur(case: Case) -> Answer:
    """The time on the only line that blocks the container named in the question."""
    container = _group(r"(C-\d{4})", case.stem)
    event = {"fr": "BLOCAGE", "en": "BLOCKED"}[case.locale]
    lines = [line.split() for line in case.text(".log").splitlines() if line.strip()]
    return str(only(line[0] for line in lines if line[1] == container and line[-1] == event))


def _alerte(case: Case) -> Answer:
    """The results by a court, in the year asked for, on road transport and working time."""
    court, trade, topic = {
        "fr": ("Cour|Conseil", "fret|routier|autocar|transport", "repos|heures|travail"),
        "en": ("Court|Labour court", "freight|lorry|coach|transport", "rest|overtime|work"),
    }[case.locale]
    year = _group(r"(20\d\d)", case.scenario)
    kept: set[str] = set()
    for mark, title, summary in re.findall(r"(?m)^\[(\d)\] (.*)\n +(.*)$", case.body()):
        is_decision = re.match(court, title) and year in title
        is_road = re.search(trade, title, re.IGNORECASE)
        if is_decision and is_road and re.search(topic, summary, re.IGNORECASE):
            kept.add(only(option for option in case.texts() if option.endswith(f" {mark}")))
    return kept


def _courriers(case: Case) -> Answer:
    """Count the letters of the office that are older than asked and whose status is not CL."""
    office = _group(r"bureau (\w+)|the (\w+) office", case.stem)
    days = int(_group(r"(\d+) (?:jours|days)", case.stem))
    rows = [row for row in case.rows(".csv")[1:] if row[1] == office and row[2] != "CL"]
    return sum(int(row[3]) > days for row in rows)


def _ambassade(case: Case) -> Answer:
    """The tool whose description in the note has the words that each search needs."""
    pieces = re.split(r"\b([A-ZÉÏ]{5,})\. ", case.pages())[1:]
    cues = (
        ("2016", "antérieurs à 2020", "2016", "from before 2020"),
        ("pharmacie", "ce qui est public", "pharmacy", "what is public"),
        ("2026", "depuis le 1er janvier 2020", "2026", "since 1 January 2020"),
        ("passeport", "Mode d'emploi des démarches", "passport", "Instructions for consular"),
        ("Hoarau", "Demandes d'aide reçues", "Hoarau", "Requests for help received"),
    )
    return _by_cue(case, dict(zip(pieces[::2], pieces[1::2], strict=True)), cues=cues)


def _adresse(case: Case) -> Answer:
    """The scenario's address with what the question changes, ranks counted as the help says."""
    start = int(_group(r"(?:premier de tous a le rang|very first has rank) (\d)", case.text()))
    base, _, query = _group(r"(https://[^\s»”]+)", case.scenario).partition("?")
    given = dict(pair.split("=") for pair in query.split("&"))
    newest = r"(\w+) ?: (?:du plus récent|most recent) (?:au|to)"
    page = int(_group(r"(\d+)(?:e|th|st|nd|rd) page", case.stem))
    changed = given | {
        "dep": _group(r"(?:département|department) (\w+)", case.stem),
        "annee": _group(r"(?:année|year) (\d{4})", case.stem),
        "tri": _group(newest, case.text()),
        "debut": str(start + (page - 1) * int(given["n"])),
    }
    return f"{base}?" + "&".join(f"{name}={value}" for name, value in changed.items())


def _descripteurs(case: Case) -> Answer:
    """Follow the references of the words used; extend the term that has narrower ones."""
    use, narrower, carer, extension = {
        "fr": ("EM", "TS", "Soignant", "avec l'extension"),
        "en": ("USE", "NT", "Carer", "with the extension"),
    }[case.locale]
    references = re.findall(rf"([\w -]+)\. {use} ([\w -]+)\.", case.pages())
    said = case.interaction["text"].casefold()
    places = {said.find(word.strip().casefold()): term for word, term in references}
    first, *others = [places[place] for place in sorted(places) if place >= 0]
    _group(rf"\. ({carer})\. [^.]*\. {narrower} ", case.pages())
    return [first, extension, *others]


def _moyen_sobre(case: Case) -> Answer:
    """The tool whose paragraph of the note has the ability that each request needs."""
    tools = dict(re.findall(r"\d\. ([^(.]+?)(?: \(|\.)(.*?)(?= \d\. |$)", case.pages()))
    idea = ("dite avec d'autres mots", "expressed in other words")
    cues = (
        ("aînés", idea[0], "older people", idea[1]),
        ("médecins", idea[0], "doctors", idea[1]),
        ("2023-118", "Numéro, date, domaine", "2023-118", "Number, date, policy area"),
        ("hier soir", "en ligne le soir du vote", "yesterday", "online on the evening of the vote"),
        ("Le nombre", "nombre exact de résultats", "The number", "exact number of results"),
        ("Pont-Rouan", "annexes comprises", "Pont-Rouan", "annexes included"),
        ("compost", "contiennent le mot tapé", "compost", "contain the word typed"),
    )
    return _by_cue(case, tools, cues=cues)


def _references(case: Case) -> Answer:
    """Count the different DOI of both exports, however written, from the year asked for."""
    rows: list[Row] = [*case.table(".csv"), *case.table(".csv", place=1)]
    since = _group(r"(20\d\d)", case.stem)
    recent = [row for row in rows if (row.get("Année") or row["Year"]) >= since]
    return len({_group(r"(10\..+)", row["DOI"].casefold().strip()) for row in recent})


def _captures(case: Case) -> Answer:
    """The page's capture nearest to the reading, in UTC; a later one has the earlier one's hash."""
    months = _MONTHS[case.locale].split()
    when = rf"(\d+)(?:er)? ({'|'.join(months)}) (\d{{4}})\D+(\d+)(?: h |:)(\d\d)"
    day, month, year, hour, minute = match(when, case.scenario).groups()
    midnight = datetime(int(year), months.index(month) + 1, int(day), tzinfo=UTC)
    read = midnight + timedelta(hours=int(hour) - 2, minutes=int(minute))
    rows = [row for row in case.rows(".csv")[1:] if row[1] == "200" and len(row[2]) > len("9999")]
    hashes = {datetime.strptime(f"{row[0]}Z", "%Y%m%d%H%M%S%z"): row[3] for row in rows}
    before = max(time for time in hashes if time <= read)
    admitted = [time for time in hashes if time <= read or hashes[time] == hashes[before]]
    return f"{min(admitted, key=lambda time: abs(time - read)):%Y%m%d%H%M%S}"


def _retours(case: Case) -> Answer:
    """Try every query on the titles: those that find all useful sheets, then the fewest others."""
    rows = case.rows(".csv")[1:]
    useful = {row[0] for row in rows if row[2] in {"oui", "yes"}}

    def hits(term: str) -> set[str]:
        pattern = rf"\b{re.escape(term.rstrip('*'))}" + ("" if term.endswith("*") else r"\b")
        return {row[0] for row in rows if re.search(pattern, row[1], re.IGNORECASE)}

    operators = ("AND", "OR", "NOT")
    found = {option: _search(option, hits, operators=operators) for option in case.texts()}
    whole = {option: len(sheets) for option, sheets in found.items() if useful <= sheets}
    return str(only(option for option, many in whole.items() if many == min(whole.values())))


def _meets(row: Row, criterion: str) -> bool:
    """Whether a record meets a criterion: ``Field = VALUE``, ``Field = VAL*`` or a year."""
    name, _, value = criterion.casefold().partition(" = ")
    field = {"année": "date", "year": "date"}.get(name, name)
    cell = next(str(row[key] or "") for key in row if key.casefold().startswith(field)).casefold()
    if field != name:
        return cell.endswith(f"/{value}")
    return cell.startswith(value.rstrip("*")) if value.endswith("*") else cell == value


def _patiente(case: Case) -> Answer:
    """Try every search on the file: it must show her record and no more than are allowed."""
    most = int(_group(r"(?:plus de|more than) (\d+)", case.scenario))
    card = re.findall(r"\b[A-Z]{2,}(?: [A-Z]{2,})*\b|\d\d/\d\d/\d{4}", case.scenario)
    bare = {said.replace(" ", "") for said in card}
    rows = case.table(".ods")
    record = only(row for row in rows if bare <= set(row.values()))
    kept = set()
    for option in case.texts():
        shown = [row for row in rows if all(_meets(row, c) for c in re.split(" et | and ", option))]
        if record in shown and len(shown) <= most:
            kept.add(option)
    return kept


def _sans_parentheses(case: Case) -> Answer:
    """Run every query, as the notice says, over messages with all combinations of the words."""
    _group(r"(gauche à\s+droite.*ignorées|left to right.*ignored)", case.text())
    first, second, place, out = re.findall(r"[«“] ?(\w+) ?[»”]", case.scenario)
    forms = [(root, root + "x", root + "s", "") for root in (first, second, place)]
    messages = set(product(*forms, ("", "text", "subject")))
    wanted = {m for m in messages if (m[0] or m[1]) and m[2] and m[3] != "subject"}

    def hits(term: str) -> set[tuple[str, ...]]:
        field, _, word = term.rpartition(":")
        if word == out:
            return {m for m in messages if m[3] and (not field or m[3] == "subject")}
        pattern = re.escape(word.rstrip("*")) + (r"\w*" if word.endswith("*") else "")
        return {m for m in messages if any(re.fullmatch(pattern, said) for said in m[:3])}

    operators = {"fr": ("ET", "OU", "SAUF"), "en": ("AND", "OR", "NOT")}[case.locale]
    found = {
        option: _search(re.sub("[()]", "", option), hits, operators=operators)
        for option in case.texts()
    }
    return str(only(option for option, shown in found.items() if shown == wanted))


def _collecte(case: Case) -> Answer:
    """Apply the group of the robot named: of the rules that match, the longest path wins."""
    groups = [
        [line.split(": ", 1) for line in group.splitlines() if ": " in line]
        for group in case.text().split("\n\n")
    ]
    rules = only(group[1:] for group in groups if group and group[0][1] in case.scenario)

    def allowed(address: str) -> bool:
        verdict = (0, True)
        for name, path in rules:
            pattern = re.escape(path).replace(r"\*", ".*").replace(r"\$", "$")
            if re.match(pattern, address):
                verdict = max(verdict, (len(path), name == "Allow"))
        return verdict[1]

    return {option for option in case.texts() if allowed(option)}


def _profondeur(case: Case) -> Answer:
    """Read both lists one rank after another until the share of the documents rated 2 is seen."""
    share = int(_group(r"(\d+) ?%", case.scenario))
    relevant = {document for document, grade in case.rows(".csv")[1:] if number(grade) == 2}
    seen: set[str] = set()
    for _, engine, assistant in case.rows(".xlsx")[1:]:
        seen |= {engine, assistant}
        if 100 * len(seen & relevant) >= share * len(relevant):
            return len(seen)
    raise ProofFailed("the lists do not show enough documents")


def _ciblage(case: Case) -> Answer:
    """Of all sets of at most three criteria within the limits, the one with the most frauds."""
    outcome = {"fr": "Suite", "en": "Outcome"}[case.locale]
    most = int(_group(r"(?:au plus|at most) (\d+)", case.scenario))
    rows = list(enumerate(case.table(".csv")))
    severe = {i for i, row in rows if re.search("médicaments|medicine", row[outcome])}
    frauds = {i for i, row in rows if "fraud" in row[outcome]}
    scores: dict[tuple[str, ...], int] = {}
    for size in (1, 2, 3):
        for criteria in combinations(case.texts(), size):
            shown = {i for i, row in rows if any(row[one] for one in criteria)}
            if len(shown) <= most and severe <= shown:
                scores[criteria] = len(shown & frauds)
    return set(only(one for one, many in scores.items() if many == max(scores.values())))


def _deux_moteurs(case: Case) -> Answer:
    """At the pace that the withdrawal needs, the pair within the limit that covers each family."""
    header, *rows = case.rows(".xlsx")
    limit = number(_group(r"(?:dépasse pas|not exceed) (\d+) MWh", case.pages()))
    updates = 24 / number(_group(r"(?:plus tard|later than) (\d+) (?:heures|hours)", case.pages()))
    split = re.split(rf"({'|'.join(header[2:])})\. ", case.pages())
    notes = dict(zip(split[1::2], split[2::2], strict=True))

    def energy(engine: str) -> float:
        base, each = map(number, re.findall(r"([\d.,]+) MWh", notes[engine]))
        return base + each * updates

    def finds(engine: str, row: Sequence[Any]) -> bool:
        outside = re.search("en ligne non qualifié|without the qualif", notes[engine])
        lost = _group(r"famille (\w+)|the (\w+) family", notes[engine]) if outside else ""
        return row[1] != lost and row[header.index(engine)] in range(1, 6)

    def meets(pair: Sequence[str]) -> bool:
        shown = [row[1] for row in rows if any(finds(engine, row) for engine in pair)]
        enough = all(shown.count(family) >= 9 for family in {row[1] for row in rows})
        return enough and sum(map(energy, pair)) <= limit

    return str(only(pair for pair in case.texts() if meets(re.split(" et | and ", pair))))


def _ce_qui_manque(case: Case) -> Answer:
    """The pair in which neither search starts from the other gives the total; all are found."""
    log = case.text(place=3)
    off = set(re.findall(r"N-\d+", log))
    lists = {name: set(case.text(place=place).split()) - off for place, name in enumerate("ABC")}
    split = re.split(r"(?m)^([ABC])  ", log)
    methods = zip(split[1::2], split[2::2], strict=True)
    source = {name: set(re.findall(r"notes (?:de|from) ([ABC])", text)) for name, text in methods}
    free = [(x, y) for x, y in combinations("ABC", 2) if x not in source[y] and y not in source[x]]
    first, second = pair = only(free)
    total = len(lists[first]) * len(lists[second]) / len(lists[first] & lists[second])
    found = len(set().union(*lists.values()))
    target = int(_group(r"(\d+) ?% (?:du|of)", case.interaction["text"]))
    named = {"fr": " et ", "en": " and "}[case.locale].join(pair)
    return [named, round(total), found, ceil(target * total / 100) - found]


PROOFS: Final[dict[str, Proof]] = {
    "1.1-1-horaires-de-la-bibliotheque": _horaires,
    "1.1-1-objet-trouve": _objet,
    "1.1-1-poste-collegue": _poste,
    "1.1-2-conge-du-pere": _conge,
    "1.1-2-conteneur-dans-le-journal": _conteneur,
    "1.1-3-alerte-de-veille": _alerte,
    "1.1-3-courriers-en-souffrance": _courriers,
    "1.1-3-outils-de-l-ambassade": _ambassade,
    "1.1-4-adresse-d-une-recherche": _adresse,
    "1.1-4-descripteurs-du-thesaurus": _descripteurs,
    "1.1-5-moyen-de-recherche-sobre": _moyen_sobre,
    "1.1-5-references-en-double": _references,
    "1.1-6-captures-d-une-page": _captures,
    "1.1-6-requete-retours-experience": _retours,
    "1.1-6-retrouver-une-patiente": _patiente,
    "1.1-7-moteur-sans-parentheses": _sans_parentheses,
    "1.1-7-perimetre-de-la-collecte": _collecte,
    "1.1-7-profondeur-de-lecture": _profondeur,
    "1.1-8-criteres-de-ciblage": _ciblage,
    "1.1-8-deux-moteurs-pour-le-ministere": _deux_moteurs,
    "1.1-8-estimer-ce-qui-manque": _ce_qui_manque,
}
JUDGED: Final[dict[str, str]] = {}
