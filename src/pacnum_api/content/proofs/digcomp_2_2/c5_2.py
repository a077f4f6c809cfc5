"""Keys of 5.2, identifying needs and technological responses, found again from the files."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, ProofFailed, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_YES: Final = {"oui", "yes"}
_MEMBER_STATES: Final = "Allemagne|Germany|France|Irlande|Ireland|Espagne|Spain|Finland|Ital"
_DIGITS: Final = r"\d(?:[\d,.\s]*\d)?"


def _like(pattern: str, parts: Iterable[str]) -> str:
    """The only part that has the pattern."""
    return str(only(part for part in parts if re.search(pattern, part)))


def _group(pattern: str, text: str) -> str:
    """What the pattern's first group is in a text. Raises ProofFailed when it is not there."""
    match = re.search(pattern, text)
    if match is None:
        raise ProofFailed(f"{pattern!r} is not in {text!r}")
    return match[1]


def _need(patterns: Iterable[str], text: str) -> None:
    """Raise ProofFailed when a rule on which the proof rests is not in the text."""
    for pattern in patterns:
        _group(f"({pattern})", text)


def _whole(pattern: str, text: str) -> int:
    """A whole number of a text, written with separators of thousands or without."""
    return int(re.sub(r"\D", "", _group(pattern, text)))


def _cells(case: Case, suffix: str = "") -> list[list[Any]]:
    """The rows of a table below its header."""
    return case.rows(suffix)[1:]


def _best(ranked: Sequence[tuple[Any, str]]) -> tuple[Any, str]:
    """The highest value and its name. Raises ProofFailed when two share it."""
    first, *rest = sorted(ranked, reverse=True)
    if rest and rest[0][0] == first[0]:
        raise ProofFailed(f"a tie: {first}, {rest[0]}")
    return first


def _visite(case: Case) -> Answer:
    """Find the only device that has both a camera and mobile internet."""
    return str(only(row[0] for row in _cells(case, "csv") if {row[3], row[4]} <= _YES))


def _fleche(case: Case) -> Answer:
    """Find the heading of the pointer in the drawing and the region in which it lies."""
    _need([r"flèche de la souris|arrow of the mouse"], case.scenario)
    texts = case.drawing().iter("{http://www.w3.org/2000/svg}text")
    heading = only(one for one in texts if one.text in {"Pointeur", "Pointer"})
    left, top = float(heading.attrib["x"]), float(heading.attrib["y"])
    inside = (
        str(one["text"])
        for one in case.interaction["regions"]
        if 0 <= left - one["x"] <= one["width"] and 0 <= top - one["y"] <= one["height"]
    )
    return {only(inside)}


_REMEDIES: Final = {
    r"écran|screen": r"trompé de salle|wrong room",
    r"une heure entre|an hour between": r"débordé|overran",
    r"cahier|notebook": r"cahier|notebook",
    r"accepter que|accept only": r"promise|Accord|Agreed|cahier|notebook",
}
"""The causes on which each measure bears; one more filter on double entries bears on none."""


def _salle(case: Case) -> Answer:
    """Count the incidents on whose cause each measure bears."""
    _need([r"refuse déjà|already refuses"], case.scenario)
    causes = [row[3] for row in _cells(case, "csv")]
    _need([r"n'a pas accès à l'agenda|no access to the calendar"], " ".join(causes))
    avoided = [
        (sum(bool(re.search(cause, one)) for one in causes), _like(measure, case.texts()))
        for measure, cause in _REMEDIES.items()
    ]
    return _best(avoided)[1]


def _tablettes(case: Case) -> Answer:
    """Count the loans that run at the moment of each loan, an end leaving room for a start."""
    loans = [(str(row[2]), str(row[3])) for row in _cells(case, "csv")]
    return max(sum(start <= now < end for start, end in loans) for now, _ in loans)


def _inspecter(case: Case) -> Answer:
    """Multiply days of inspection, vehicles and what each adds; answer each incident."""
    body = " ".join(case.body().split())
    _need([r"dont le dernier|last of which", r"ont chacune une|have one tablet each"], body)
    days = _whole(r"(?:Elle dure|It lasts) (\d+)", body) - 1
    vehicles = _whole(r"(?:contrôle|inspects) (\d+)", body)
    photos, weight = _whole(r"(\d+) photos", body), _whole(r"photos (?:de|of) (\d+)", body)
    minutes, rate = _whole(r"(\d+) minutes", body), _whole(r"(\d+) M[oB] (?:la|a) min", body)
    total = days * vehicles * (photos * weight + minutes * rate)
    _need([r"pas de réseau|no network", r"l'allumer et voir|switch it on and see"], body)
    _, local, unreadable = (
        [option["text"] for option in blank["options"]] for blank in case.interaction["blanks"]
    )
    saved = _like(r"^(?:enregistrer sur la tablette|save on the tablet)", local)
    return [str(total / 1000), saved, _like(r"chiffrer|encrypt", unreadable)]


def _visio(case: Case) -> Answer:
    """Keep the tools with seats, browser, live captions and a member state of the Union."""
    seats = _whole(r"(\d+) (?:élus|elected)", case.scenario)
    return {
        _like(rf"\b{row[0]}$", case.texts())
        for row in _cells(case, "ods")
        if row[1] >= seats
        and re.search(r"^(?:navigateur|browser)", row[2])
        and re.search(_MEMBER_STATES, row[3])
        and re.search(r"^(?:en direct|live)$", row[4])
    }


def _dictee(case: Case) -> Answer:
    """Compare the whole time with typing, and the errors with the reports dictated."""
    left = 1 - Fraction(_whole(r"(\d+)\s?%", case.scenario), 100)
    most = _whole(r"(\d+) (?:comptes rendus sur|reports out of) 100", case.scenario)
    return {
        str(name)
        for name, reports, typing, dictation, correction, wrong in _cells(case, "xlsx")
        if Fraction(f"{dictation}") + Fraction(f"{correction}") <= left * typing
        and 100 * wrong <= most * reports
    }


_DATA: Final = {
    r"sans le numéro|without the card": r"ni les correspondances|neither the connections",
    r"Dernier jour|Last day": r"le jour où le droit cesse|day on which the right ends",
    r"Courriel|E-mail": r"Un message suffit|A message is enough",
}
"""The data that a use needs, by the line of the needs that says so."""


def _donnees(case: Case) -> Answer:
    """Find in the needs what each use asks for, and what it does without."""
    _need([*_DATA.values(), r"pas sur la personne|not about the person"], case.pages())
    return {_like(pattern, case.texts()) for pattern in _DATA}


_PROVIDED: Final = {
    r"être lu aussitôt|be read at once": r"messagerie instantanée|instant messaging",
    r"800 M": r"envoi de gros fichiers|sending large files",
}
_RANKS: Final = (r"Écartée|Set aside", r"Indispensable|Essential", r"Important", r"Facult|Opt")


def _rank(row: Sequence[Any], *, note: str) -> str:
    """The first rule of the scoping note that applies to a request."""
    share = Fraction(_whole(r"(\d+)\s?%", note), 100) * _whole(r"(\d+) (?:enqu|interv)", note)
    if any(re.search(one, row[1]) and re.search(tool, note) for one, tool in _PROVIDED.items()):
        return _RANKS[0]
    without = row[3] in _YES or not re.search(r"^(?:aucune|none)", row[4])
    if re.match(r"oui|yes", row[2]) or not without:
        return _RANKS[1]
    often = re.search(r"jour|semaine|day|week", row[6])
    return _RANKS[2] if often and row[5] >= share else _RANKS[3]


def _demandes(case: Case) -> Answer:
    """Apply the rules of the note to each row, in their order."""
    note = case.pages()
    _need([".*".join(rf"\d\. (?:{rank})" for rank in _RANKS)], note)
    places = {rank: _like(rank, case.texts("categories")) for rank in _RANKS}
    return {
        _like(rf"^{row[0]}\.", case.texts("entries")): places[_rank(row, note=note)]
        for row in _cells(case, "xlsx")
    }


_REASONS: Final = {
    r"espace où|area where": r"Où en|stand\?|manque|missing|reçu|received|commission|committee",
    r"formulaire|form to change": r"Je change|I am changing",
    r"L'assistant|chatbot": r"générales|general|formulaire|form\?|horaires|opening hours",
}
"""The reasons that each project answers; a site rewritten, those of the chatbot."""


def _assistant(case: Case) -> Answer:
    """Add up the calls whose reason each project answers."""
    rows = _cells(case, "csv")
    removed = [
        (sum(int(n) for reason, n in rows if re.search(calls, reason)), _like(mark, case.texts()))
        for mark, calls in _REASONS.items()
    ]
    return max(removed)[1]


def _scores(rows: Sequence[Sequence[Any]], *, grid: str) -> list[tuple[Fraction, str]]:
    """The weighted total of each offer, the lowest price being that of these offers."""
    technical, price, access = (
        Fraction(int(weight), 100) for weight in re.findall(r"(?:Poids|Weight)\s?: (\d+)", grid)
    )
    lowest = min(row[2] for row in rows)
    return [
        (
            technical * Fraction(str(mark))
            + price * 20 * Fraction(lowest, cost)
            + access * met / 5,
            letter,
        )
        for letter, mark, cost, met, _, _ in rows
    ]


def _offres(case: Case) -> Answer:
    """Eliminate, score the remaining offers, then score them all."""
    grid = case.pages()
    least = _whole(r"(?:moins de|less than) (\d+)\s?%", grid)
    offers = _cells(case, "ods")
    remaining = [
        row
        for row in offers
        if row[3] >= least
        and re.search(_MEMBER_STATES, row[4])
        and not re.search(r"fermé|closed", row[5])
    ]
    score, chosen = _best(_scores(remaining, grid=grid))
    return [chosen, f"{float(round(score, 2)):.2f}", _best(_scores(offers, grid=grid))[1]]


def _tri(case: Case) -> Answer:
    """Cost each setting in minutes and compare the cheapest with no tool."""
    words = (r"prend|takes", r"coûte|costs", r"trop tard,|too late,", r"en outre|also requires")
    hand, lost, late, check = (_whole(rf"(?:{word}) (\d+)", case.scenario) for word in words)
    costs = [
        (1000 - int(alone)) * hand + int(wrong) * lost + int(urgent) * late
        for _, alone, wrong, urgent in _cells(case, "csv")
    ]
    return costs[0] - min(costs[1:]) - check


def _licences(users: Sequence[int], *, price: int, rate: int) -> Fraction:
    """Licences bought as users grow, with maintenance on those held the year before."""
    held, cost = 0, Fraction(0)
    for year in users:
        cost += Fraction(held * price * rate, 100) + max(0, year - held) * price
        held = max(held, year)
    return cost


def _cost(posts: Sequence[Any], *, users: Sequence[int], day: int) -> Fraction:
    """The complete cost of one solution, its rows in the order of the table."""
    setup, first, later, subscription, floor, licence, rate, small, large, host, leave, _ = posts
    days = first + later * (len(users) - 1)
    charged = sum(max(floor if isinstance(floor, int) else 0, year) for year in users)
    shared = sum(small if year <= 100 else large for year in users)
    running = subscription * charged + shared + host * len(users)
    bought = _licences(users, price=licence, rate=rate)
    return Fraction(setup + day * days + running + leave) + bought


def _cout(case: Case) -> Answer:
    """Cost the solutions that meet the conditions, and take the cheapest."""
    rules = case.pages()
    limit = _whole(r"(?:plus de|more than) (\d+)", rules)
    day = _whole(r"(?:compté|counted as) €?(\d+)", rules)
    line = _group(r"(?:Utilisateurs de l'outil|Users of the tool)\s?: (.+?)\.", rules)
    users = [int(count) for count in re.findall(r"\b(\d{2,3})\b", line)]
    columns = list(zip(*_cells(case, "ods"), strict=True))[1:]
    costs = [
        _cost(posts, users=users, day=day)
        for posts in columns
        if posts[1] <= limit and not re.search(r"fermé|closed", posts[-1])
    ]
    return int(min(costs))


_STEPS: Final = (
    (r"échantillon|sample", r"modèle|template", r"seul le chargement|only loading a sample"),
    (r"modèle|template", r"reconduit|renewed", r"ne peut plus rien|no longer have any"),
    (r"reconduit|renewed", r"Fermer|Close", r"avant le 30 juin.+6 septembre|30 June.+6 September"),
    (r"Fermer|Close", r"Vérifier|Check", r"qu'un export complet|only load a complete export"),
    (r"Vérifier|Check", r"Verser|Transfer", r"n'est sûre qu'après|only reliable afterwards"),
    (r"Verser|Transfer", r"effacement|erasure", r"une fois le versement|once the transfer"),
)
"""A step, one that must come later, and the line of the conditions that says so."""


def _eteindre(case: Case) -> Answer:
    """Try every order of the steps against what the conditions put before what."""
    _need((line for _, _, line in _STEPS), " ".join(case.text().split()))
    entries = case.texts("entries")
    pairs = [(_like(one, entries), _like(other, entries)) for one, other, _ in _STEPS]
    orders = permutations(entries)
    return list(only(o for o in orders if all(o.index(x) < o.index(y) for x, y in pairs)))


def _linked(projects: Mapping[str, Sequence[Any]]) -> bool:
    """Whether a set of projects keeps the rules on needs that depend on others."""
    for row in projects.values():
        remark = str(row[6] or "")
        other = re.search(r"\b([A-Z])$", remark)
        if other and remark.startswith(("ne marche", "only works")) != (other[1] in projects):
            return False
    return any(re.search(r"sans internet|without internet", str(r[6])) for r in projects.values())


def _projets(case: Case) -> Answer:
    """Try every set of projects against the ceilings and the rules of the note."""
    note = case.text()
    limits = [
        _whole(rf"{name}[^:]*: ({_DIGITS})", note) // unit
        for name, unit in (("Invest", 1000), ("(?:Travail|Work)", 1), ("(?:Fonct|Running)", 1000))
    ]
    rows = _cells(case, "xlsx")
    law = {row[0] for row in rows if re.search(r"la loi|by law", str(row[6]))}
    kept = []
    for size in range(1, len(rows) + 1):
        for some in combinations(rows, size):
            projects = {row[0]: row for row in some}
            within = all(sum(r[i + 2] for r in some) <= top for i, top in enumerate(limits))
            if within and law <= projects.keys() and _linked(projects):
                kept.append((sum(row[5] for row in some), "".join(sorted(projects))))
    return _best(kept)[1]


_NEEDS: Final[dict[str, Callable[[Sequence[str]], bool]]] = {
    r"rituel ne|ritual song may": lambda r: not re.search("Cayenn", r[1] + r[2]),
    r"Ni l'hébergeur|Neither the host": lambda r: not re.search("hébergeur|host", r[4]),
    r"perte d'un lieu|loss of any": lambda r: re.search(" (et|and) ", r[5]) is not None,
    r"mort d'un|death of any": lambda r: re.match("deux|two|trois|three", r[4]) is not None,
    r"retirer un|withdraw a": lambda r: r[3] in {"chaque chant", "each song"},
    r"sans cet outil|without that": lambda r: bool(re.search(r"(ML|ON|DT), (FLAC|WAV)", r[6])),
}
"""Each need by its words, and whether the row of an arrangement meets it."""


def _memoire(case: Case) -> Answer:
    """Hold each row of the table against the needs, a destroyed key being worth an erasure."""
    _need([*_NEEDS, r"clés sont détruites|keys have all been destroyed"], case.pages())
    rows = _cells(case, "ods")
    number = only(row[0] for row in rows if all(meets(row) for meets in _NEEDS.values()))
    return _like(rf" {number}$", case.texts())


def _reperer(case: Case) -> Answer:
    """Work out calls and visits of each way allowed, and take the one that visits most at risk."""
    frame = case.pages()
    at_risk = _whole(rf"2025(?:, | survey, )({_DIGITS}) (?:d'entre|of them)", frame)
    others = _whole(rf"(?:les|other) ({_DIGITS}) (?:autres|will)", frame)
    found, wrong = (Fraction(int(n), 100) for n in re.findall(r"(\d+)\s?%", frame))
    minutes = _whole(r"(?:dure|takes) (\d+)", frame)
    hours = _whole(r"(\d+) (?:heures d'appel|hours of calls)", frame)
    most = _whole(rf"({_DIGITS}) visit", frame)
    ways = []
    for letter, _, data, share, false, call in _cells(case, "ods"):
        ours, theirs = at_risk * Fraction(share, 100), others * Fraction(false, 100)
        calls = (ours + theirs) * (call in _YES)
        if calls:
            ours, theirs = ours * found, theirs * wrong
        if data in frame and calls * minutes <= hours * 60 and ours + theirs <= most:
            ways.append((ours, letter, ours + theirs))
    ours, letter, visits = max(ways)
    return [letter, str(visits), str(round(100 * ours / visits)), str(at_risk - ours)]


PROOFS: Final[dict[str, Proof]] = {
    "5.2-1-materiel-pour-la-visite": _visite,
    "5.2-1-reglage-de-la-fleche": _fleche,
    "5.2-3-la-salle-reservee-deux-fois": _salle,
    "5.2-4-combien-de-tablettes-a-partager": _tablettes,
    "5.2-4-inspecter-sans-reseau": _inspecter,
    "5.2-4-visio-avec-les-elus": _visio,
    "5.2-5-dictee-par-ia-au-pilote": _dictee,
    "5.2-5-seulement-les-donnees-utiles": _donnees,
    "5.2-5-trier-les-demandes-d-evolution": _demandes,
    "5.2-6-avant-de-commander-un-assistant": _assistant,
    "5.2-6-offres-notees-et-eliminees": _offres,
    "5.2-6-reglage-d-un-tri-par-ia": _tri,
    "5.2-7-cout-complet-sur-cinq-ans": _cout,
    "5.2-7-eteindre-l-ancien-logiciel": _eteindre,
    "5.2-8-feuille-de-route-de-la-ville": _projets,
    "5.2-8-memoire-des-villages-du-fleuve": _memoire,
    "5.2-8-reperer-les-personnes-isolees": _reperer,
}
JUDGED: Final[dict[str, str]] = {}
