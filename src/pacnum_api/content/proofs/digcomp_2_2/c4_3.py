"""Keys of 4.3, protecting health and well-being, found again from the files."""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations, permutations, product
from typing import Any, Final
from xml.etree.ElementTree import Element

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, ProofFailed, match, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_YES: Final = {"oui", "yes"}


def _like(pattern: str, parts: Iterable[str]) -> str:
    """The only part that has the pattern."""
    return str(only(part for part in parts if re.search(pattern, part)))


def _need(patterns: Iterable[str], text: str) -> None:
    """Raise ProofFailed when a rule on which the proof rests is not in the text."""
    for pattern in patterns:
        match(pattern, text)


def _note(case: Case) -> str:
    """A note's text on one line."""
    return " ".join(case.text().split())


def _cells(case: Case, suffix: str = "") -> list[list[Any]]:
    """The rows of a table below its header."""
    return case.rows(suffix)[1:]


def _best(rows: Iterable[tuple[Any, str]]) -> tuple[Any, str]:
    """The lowest value and its name. Raises ProofFailed when two share it."""
    ranked = sorted(rows)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        raise ProofFailed(f"a tie: {ranked[:2]}")
    return ranked[0]


def _rounded(value: Fraction, decimals: int = 0) -> float:
    """A value rounded. Raises ProofFailed when it lies halfway."""
    if (value * 10**decimals).denominator == 2:
        raise ProofFailed(f"{value} lies halfway between two numbers")
    return float(round(value, decimals))


def _at(part: Element, *names: str) -> tuple[float, ...]:
    """Some numbers of a part of a drawing."""
    return tuple(float(part.attrib[name]) for name in names)


def _shapes(case: Case, tag: str) -> list[Element]:
    """The parts of a drawing that have a tag."""
    return [part for part in case.drawing().iter() if part.tag.endswith("}" + tag)]


def _region(case: Case, point: tuple[float, ...]) -> str:
    """The one region in which a point lies."""
    x, y = point
    regions = ((r["text"], x - r["x"], y - r["y"], r) for r in case.interaction["regions"])
    return str(only(t for t, a, b, r in regions if 0 < a < r["width"] and 0 < b < r["height"]))


def _application_qui_derange(case: Case) -> Answer:
    """The application with the most alerts, whatever the minutes of use."""
    return _best((-int(alerts), name) for name, _, alerts in _cells(case))[1]


def _hauteur_de_l_ecran(case: Case) -> Answer:
    """Where the black upright begins on the dotted line, and the legs end on the floor."""
    eyes = [part for part in _shapes(case, "line") if "stroke-dasharray" in part.attrib]
    floors = [part for part in _shapes(case, "line") if part.get("stroke-width") == "3"]
    screens = [part for part in _shapes(case, "rect") if part.get("fill") == "#1b2437"]
    legs = [part.attrib["d"] for part in _shapes(case, "path") if part.attrib["d"].count("V") == 2]
    return {
        _region(case, _at(screen, "x", "y"))
        for eye, floor, screen, leg in zip(eyes, floors, screens, legs, strict=True)
        if _at(screen, "y") == _at(eye, "y1")
        if _at(floor, "y1")[0] - float(leg.split("V")[2].split()[0]) < 10
    }


def _place_de_l_ecran(case: Case) -> Answer:
    """The one screen drawn at a right angle to the window: the light comes from the side."""
    window = only(part for part in _shapes(case, "rect") if part.get("fill") == "#bfe3ff")
    is_wide = _at(window, "width") > _at(window, "height")
    lines = [_at(part, "x1", "x2") for part in _shapes(case, "line")]
    people = [_at(part, "cx", "cy") for part in _shapes(case, "circle")]
    return {
        _region(case, person)
        for person, (x1, x2) in zip(people, lines, strict=True)
        if (x1 == x2) == is_wide
    }


_SETTINGS: Final = {
    r"système|system": r"deux fois plus.*toutes les applications|twice as big.*all applications",
    r"navigateur|browser": r"(?<!pas )(?<!not )(?:seulement sur|only on the) internet",
    r"vocal|speaking": r"(?<!rien )qui parle|(?<!nothing )that speaks",
    r"sombre|dark": r"fond foncé|dark background",
    r"pointeur|pointer": r"perds la petite flèche|lose the little mouse arrow",
}
"""A word of a setting, and what the message would say to call for it."""


def _adapter_l_affichage(case: Case) -> Answer:
    """The settings that a sentence of the message calls for."""
    calls = _SETTINGS.items()
    return {_like(words, case.texts()) for words, call in calls if re.search(call, case.body())}


def _messages_hors_horaires_du_journal(case: Case) -> Answer:
    """Count the lines of people at the weekend, before the hours or from their end on."""
    _need([r"lundi au vendredi.*robots ne|Monday to Friday.*robots do not"], case.scenario)
    start, end = map(int, re.findall(r"(\d+) (?:h\b|[ap]m)", case.scenario))
    end += 12 * (end < 12)
    lines = re.findall(r"(?m)^(\S+) .*?(\d\d):\d\d (\S+)@", case.text(".log"))
    return sum(
        day in {"sam.", "dim.", "Sat", "Sun"} or not start <= int(hour) < end
        for day, hour, sender in lines
        if not sender.startswith("robot")
    )


def _trier_les_notifications(case: Case) -> Answer:
    """A sound for what he does within 15 minutes, a badge for what he does later."""
    _need([r"quart d'heure|quarter of an hour"], case.scenario)
    first = case.scenario.split()[0]

    def signal(actor: str, delay: str) -> str:
        minutes = re.fullmatch(r"(\d+) min", delay)
        prompt = minutes is not None and int(minutes[1]) <= 15
        return "Rien|Nothing" if actor != first else "Son|Sound" if prompt else "Pastille|Badge"

    return {r[0]: _like(signal(r[1], r[3]), case.texts("categories")) for r in _cells(case)}


_HOOKS: Final = {
    r"sans décision|without the user deciding": r"lancée d'office|started for you",
    r"peur de perdre|fear of losing": r"perdue|lost",
    r"rivalité|rivalry": r"vous ont dépassé|overtaken you",
}
"""What the charter excludes, and the words on the screen that do it."""


def _ecran_qui_retient(case: Case) -> Answer:
    """For each thing that the charter excludes, the only line drawn that does it."""
    _need(_HOOKS, case.scenario)
    lines = {str(part.text): _at(part, "x", "y") for part in _shapes(case, "text")}
    return {_region(case, lines[_like(hook, lines)]) for hook in _HOOKS.values()}


_BEFORE: Final = {
    (r"réseau|network", r"auteurs|authors"): r"fois les publications retirées|only met once",
    (r"parents", r"réseau|network"): r"avec l'accord des parents|agreement of the victim's",
    (r"captures|screenshots", r"fiche|sheet"): r"une capture y est jointe|one screenshot attached",
    (r"fiche|sheet", r"Saisir|Refer"): r"du numéro de la fiche|number of the sheet",
    (r"Saisir|Refer", r"parents"): r"Elle seule appelle les parents|She alone calls the parents",
    (r"récit|account", r"captures|screenshots"): r"se font ensuite|shots are taken afterwards",
}
"""Which step goes before which, and the rule that says so."""


def _eleve_harcelee_en_ligne(case: Case) -> Answer:
    """Try all orders against the rules of the protocol."""
    _need(_BEFORE.values(), case.pages())
    orders = permutations(case.texts("entries"))
    pairs = [[_like(step, case.texts("entries")) for step in pair] for pair in _BEFORE]
    return list(only(o for o in orders if all(o.index(a) < o.index(b) for a, b in pairs)))


_EMOTION: Final = r"ton de la voix|rythme de frappe|tone of voice|typing rhythm"
_BREACHES: Final = {
    r"à lui et à son responsable|to them and to their manager": r"demande du|adviser's request",
    r"horaires.*les publie|hours.*publishes them": r"après validation|after validation",
    r"par équipe|per team": r"pour le centre|for the centre",
}
"""What is delivered against rules 3, 4 and 2, and the setting that mends it."""


def _assistant_vocal_du_plateau(case: Case) -> Answer:
    """Hold each function against the note's rules as delivered, then with its settings."""
    _need([r"interdit au travail|prohibited at work"], _note(case))
    least = int(match(r"(?:porte sur|at least) (\d+) agents", _note(case))[1])
    if int(match(r"(?:comptent|have) (\d+)", case.text(".csv"))[1]) >= least:
        raise ProofFailed("a figure per team is allowed")

    def verdict(delivered: str, settings: str) -> str:
        if re.search(_EMOTION, delivered):
            return "Refuse"
        mends = [mend for breach, mend in _BREACHES.items() if re.search(breach, delivered)]
        if all(re.search(mend, settings) for mend in mends):
            return "après réglage|after adjusting" if mends else "telle quelle|as it is"
        return "Refuse"

    categories = case.texts("categories")
    return {row[0]: _like(verdict(row[1], row[3]), categories) for row in _cells(case, ".csv")}


def _dose_de_bruit_au_casque(case: Case) -> Answer:
    """Add up the periods' shares of the reference, doubled for each step above it."""
    hours, level = map(int, re.findall(r"(\d+) (?:heures à|hours at) (\d+)", case.scenario)[0])
    step = int(match(r"(\d+) dB\(A\) (?:de plus double|doubles)", case.scenario)[1])
    doses = (part * 2 ** ((noise - level) / step) for _, _, part, noise in _cells(case))
    return float(round(100 * sum(doses) / (60 * hours), 1))


def _visio_sans_pause(case: Case) -> Answer:
    """Join the video meetings accepted that overlap or stand less than a break apart."""
    least = int(match(r"(\d+) minutes", case.scenario)[1])
    runs: list[tuple[int, int]] = []
    for _, *times, form, reply in sorted(_cells(case), key=lambda row: str(row[1])):
        start, end = (60 * int(at[:2]) + int(at[3:]) for at in times)
        if not form.startswith("vi") or reply in {"refusée", "declined"}:
            continue
        if runs and start - runs[-1][1] < least:
            start, end = runs[-1][0], max(end, runs.pop()[1])
        runs.append((start, end))
    return max(end - start for start, end in runs)


def _moins_d_appareils_au_volant(case: Case) -> Answer:
    """Try all sets of devices that still get updates; the fewest, then the fewest alerts."""
    safe = [row for row in _cells(case) if not re.search("arrêté|stopped", row[7])]

    def meets(kit: Sequence[Sequence[str]]) -> bool:
        works = all(any(row[place] for row in kit) for place in range(2, 6))
        networks = {row[1] for row in kit if row[1]}
        return works and len(networks) >= 2 and sum(row[6] in _YES for row in kit) <= 1

    kits = [kit for n in range(len(safe) + 1) for kit in combinations(safe, n) if meets(kit)]
    names = {";".join(row[0] for row in kit): kit for kit in kits}
    load = ((len(kit), sum(int(row[8]) for row in kit)) for kit in kits)
    return set(_best(zip(load, names, strict=True))[1].split(";"))


def _resultats_de_l_enquete(case: Case) -> Answer:
    """Hide, group and rank the departments by the three rules."""
    least = int(match(r"(?:moins de|fewer than) (\d+)", case.scenario)[1])
    rows = [row for row in _cells(case) if row[0] != "Total"]
    small = only(row[0] for row in rows if row[2] < least)
    second = _best((row[2], row[0]) for row in rows if row[0] != small)[1]
    hidden = [row for row in rows if row[0] in {small, second}]
    together = Fraction(100 * sum(row[3] for row in hidden), sum(row[2] for row in hidden))
    first = _best((Fraction(-row[3], row[2]), row[0]) for row in rows if row not in hidden)
    return [small, second, _rounded(together, 1), first[1]]


def _tour_d_astreinte(case: Case) -> Answer:
    """Leave out who was on call or will be away; points over the working time of the others."""
    note = case.pages()
    _need([r"1 point .* 2 points .* 3 points.* divi(?:sés|ded)"], note)
    week, first, last = map(int, re.findall(r"\d+", note.split(" 4. ")[1])[:3])
    points: dict[str, int] = {}
    resting: set[str] = set()
    for worked, person, weekdays, others, called in _cells(case, ".xlsx"):
        points[person] = points.get(person, 0) + weekdays + 2 * others + 3 * called
        resting |= {person} if worked >= week - 2 else set()
    away = "|".join(str(day) for day in range(first, last + 1))
    result, chosen = _best(
        (Fraction(points[person]) / Fraction(quota.replace(",", ".")), person)
        for person, quota, absence in _cells(case, ".csv")
        if person not in resting and not re.search(rf"\b({away})\b.*[Nn]ovemb", absence)
    )
    return [chosen, _rounded(result, 2)]


def _brief(event: str | None) -> bool:
    """Whether nothing happened, or an incident repaired within a week."""
    days = {"deux": 2, "two": 2, "trois": 3, "three": 3}
    found = re.search(r"(\w+) (?:jours|days)", event or "")
    return not event or (found is not None and days[found[1]] < 7)


def _effet_du_plan_de_prevention(case: Case) -> Answer:
    """Compare those who answered twice in the sites that the protocol keeps."""
    note = _note(case)
    _need([r"aux deux.*d'une semaine.*addition|answered both.*than a week.*adding"], note)
    low, high = map(int, re.findall(r"(?:De|From) (\d+) .*? (\d+) points", note)[0])

    def change(*, plan: bool) -> Fraction:
        rows = [row for row in _cells(case, ".ods") if _brief(row[9])]
        kept = [row for row in rows if (row[1] == "plan") == plan]
        return Fraction(100 * sum(row[8] - row[7] for row in kept), sum(row[6] for row in kept))

    plan, others = change(plan=True), change(plan=False)
    fall = others - plan
    decision = "étendre|extend" if fall >= high else "arrêter|stop" if fall < low else "prolong"
    options = [one["text"] for one in case.interaction["blanks"][3]["options"]]
    return [*(_rounded(value, 1) for value in (plan, others, -fall)), _like(decision, options)]


def _let_through(rule: str, row: Sequence[str]) -> int:
    """How many messages of a row a measure still delivers that evening."""
    sender, recipient, sent, marked, _ = row
    spared = [
        (".", "Équipe|On-call", recipient),
        ("sauf ceux de la cell|except those from the cri", "crise|Crisis", sender),
        ("Paris", "outre-mer|overseas", recipient),
        ("cadres|managers", "^(?!Cadres|Cellule|Manag|Crisis)", sender),
    ]
    if any(re.search(words, rule) and re.search(kind, who) for words, kind, who in spared):
        return int(sent)
    words = "mar[kq]" if "cris" in sender.lower() else "marqués|marked"
    return int(marked) if re.search(words, rule) else 0


def _messages_apres_20_heures(case: Case) -> Answer:
    """Count for each measure what it blocks though awaited, and lets through though it can wait."""
    _need([r"n'en bloque aucun|blocks none"], case.scenario)
    harm: dict[str, list[int]] = {rule: [0, 0] for rule in case.texts()}
    for rule, row in product(harm, _cells(case)):
        passed = _let_through(rule, row)
        harm[rule][row[4] in _YES] += int(row[2]) - passed if row[4] in _YES else passed
    return _best((useless, rule) for rule, (useless, blocked) in harm.items() if not blocked)[1]


def _mesurer_sans_surveiller(case: Case) -> Answer:
    """Group the departments that fall short once E4 is applied; count receipts, by the night."""
    _need([r"E1\. .*(?:reçoivent|receive).*E2\. .*nuit|E1.*receive.*E2\. .*night"], case.pages())
    least = int(match(r"(?:au moins|at least) (\d+)", case.pages())[1])
    rows = _cells(case, ".csv")
    small = {row[0] for row in rows if int(row[1]) - int(row[2]) - int(row[3]) < least}
    grouped = [o for o in case.texts() if {row[0] for row in rows if row[0] in o} == small]
    return str(only(o for o in grouped if re.search("^Messages (?:reçus|received)", o)))


def _alertes_de_soutien_par_ia(case: Case) -> Answer:
    """Apply the pilot's shares to the staff at the real rate, and the charter's conditions."""
    least = Fraction(match(r"(\d+) ?% (?:au moins|of staff)", case.scenario)[1]) / 100
    shares: dict[str, tuple[Fraction, Fraction, Fraction]] = {}
    admitted = set()
    for name, staff, rate, ill, found, well, wrong in _cells(case):
        concerned = Fraction(staff * rate, 100)
        true, false = concerned * found / ill, (staff - concerned) * wrong / well
        shares[name] = true, false, concerned - true
        admitted |= {name} if true >= least * concerned and false <= true else set()
    true, false, _ = shares[match(r"[«“]\s?(.+?)\s?[»”]", case.interaction["text"])[1]]
    options = [one["text"] for one in case.interaction["blanks"][1]["options"]]
    totals = [sum(column) for column in zip(*(shares[name] for name in admitted), strict=True)]
    return [
        _rounded(100 * false / (true + false), 1),
        only(one for one in options if set(re.split(r"\s?; ", one)) == admitted),
        _rounded(Fraction(totals[0] + totals[1])),
        _rounded(Fraction(totals[2])),
    ]


def _composer_le_plan(case: Case) -> Answer:
    """Try all sets of measures against the targets, the days and the three rules."""
    note = _note(case)
    *targets, days = map(int, re.findall(r"\d+", note.split(" 1. ")[0]))
    one, other = re.findall(r"1\. (\w) (?:et|and) (\w)", note)[0]
    follower, leader = re.findall(r"2\. (\w) .*? (?:si|if) (\w) ", note)[0]
    blocking, cure = re.findall(r"3\. (\w) .*? (?:qu'avec|with) (\w)\.", note)[0]
    measures = {row[0]: row[2:] for row in _cells(case, ".xlsx")}

    def effect(plan: Sequence[str], group: int) -> int:
        points = {name: int(measures[name][2 + group]) for name in plan}
        if leader not in points:
            points.pop(follower, None)
        return sum(points.values()) - min(points.get(one, 0), points.get(other, 0))

    return _best(
        (sum(measures[name][0] for name in plan), "".join(plan))
        for size in range(1, len(measures) + 1)
        for plan in combinations(sorted(measures), size)
        if (blocking not in plan or cure in plan)
        and sum(measures[name][1] for name in plan) <= days
        and all(effect(plan, group) >= target for group, target in enumerate(targets))
    )[1]


PROOFS: Final[dict[str, Proof]] = {
    "4.3-1-application-qui-derange": _application_qui_derange,
    "4.3-1-hauteur-de-l-ecran": _hauteur_de_l_ecran,
    "4.3-1-place-de-l-ecran": _place_de_l_ecran,
    "4.3-3-adapter-l-affichage": _adapter_l_affichage,
    "4.3-3-messages-hors-horaires-du-journal": _messages_hors_horaires_du_journal,
    "4.3-3-trier-les-notifications": _trier_les_notifications,
    "4.3-4-ecran-qui-retient": _ecran_qui_retient,
    "4.3-4-eleve-harcelee-en-ligne": _eleve_harcelee_en_ligne,
    "4.3-5-assistant-vocal-du-plateau": _assistant_vocal_du_plateau,
    "4.3-5-dose-de-bruit-au-casque": _dose_de_bruit_au_casque,
    "4.3-5-visio-sans-pause": _visio_sans_pause,
    "4.3-6-moins-d-appareils-au-volant": _moins_d_appareils_au_volant,
    "4.3-6-resultats-de-l-enquete": _resultats_de_l_enquete,
    "4.3-6-tour-d-astreinte": _tour_d_astreinte,
    "4.3-7-effet-du-plan-de-prevention": _effet_du_plan_de_prevention,
    "4.3-7-messages-apres-20-heures": _messages_apres_20_heures,
    "4.3-7-mesurer-sans-surveiller": _mesurer_sans_surveiller,
    "4.3-8-alertes-de-soutien-par-ia": _alertes_de_soutien_par_ia,
    "4.3-8-composer-le-plan": _composer_le_plan,
}
JUDGED: Final[dict[str, str]] = {}
