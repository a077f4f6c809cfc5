"""Keys of 4.4, protecting the environment, found again from the files."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import combinations, product
from typing import Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_PERSONAL: Final = "nommés|named|Mme|Mrs|candidats|applicants|familles|families"
_NEEDED: Final = "d'avant 2020|from before 2020|nulle part|nowhere"
_SVG: Final = "{http://www.w3.org/2000/svg}text"
_UNION: Final = "France Suède Sweden Allemagne Germany Irlande Ireland Espagne Spain"
"""The countries named in the files that are in the European Union."""
_WORDS: Final = {
    "deux": 2, "two": 2, "quatre": 4, "four": 4, "dix": 10, "ten": 10, "quinze": 15, "fifteen": 15,
    "quarante": 40, "forty": 40, "cent": 100, "hundred": 100,
}  # fmt: skip


def _match(pattern: str, text: str) -> re.Match[str]:
    return match(pattern, text, flags=re.IGNORECASE)


def _named(parts: Iterable[str], pattern: str) -> str:
    """The one part of a list that has these words."""
    return only(part for part in parts if re.search(pattern, part, re.IGNORECASE))


def _numbers(case: Case, text: str) -> list[float]:
    """The numbers of a text in order, written in the reader's language."""
    apart = r"(?<=\d)[ \u00a0\u202f](?=\d{3}\b)" if case.locale == "fr" else r"(?<=\d),(?=\d{3})"
    return [number(one) for one in re.findall(r"\d+(?:[.,]\d+)?", re.sub(apart, "", text))]


def _after(case: Case, words: str, *, text: str) -> float:
    """The first number after some words."""
    return _numbers(case, text[_match(words, text).end() :])[0]


def _gap(case: Case, place: int) -> list[str]:
    """The options of a gap."""
    return [option["text"] for option in case.interaction["blanks"][place]["options"]]


def _setting(case: Case, *values: str) -> Answer:
    """The region of the setting that is drawn with one of these values, below the title."""
    words = [text.text or "" for text in case.drawing().iter(_SVG)][1:]
    drawn = zip(words[::2], words[1::2], strict=True)
    name = only(name for name, value in drawn if value in values)
    return {only(region for region in case.texts("regions") if region.startswith(name))}


def _nuit(case: Case) -> Answer:
    """Find the device that draws most at night."""
    return str(max(case.rows()[1:], key=lambda row: number(row[2]))[0])


def _ecran(case: Case) -> Answer:
    """Find the setting drawn as never happening."""
    return _setting(case, "Jamais", "Never")


def _son(case: Case) -> Answer:
    """Take sound from high definition, times the hours of the meeting."""
    high, *_, sound = (number(one) for one in re.findall(r"\.\. (\d+)", case.text()))
    return (high - sound) * number(_match(r"(\d+)(?: heures|-hour)", case.scenario)[1])


def _faces(case: Case) -> Answer:
    """Find the setting that halves the sheets, since nothing may shrink the text."""
    _match("doit garder sa taille|must keep its size", case.scenario)
    return _setting(case, "Recto seul", "One-sided")


def _bacs(case: Case) -> Answer:
    """Find the line of the notice that takes each object, and the box it stands under."""
    lines = {
        r"^\S+ (?:batterie|battery)|^\S+ \S+ (?:piles|batteries) ": "piles et batteries|1  batter",
        r"^\S+ (?:chargeur|charger) ": "chargeurs|chargers",
        r"^\S+ (?:\S+ )?toner\b": r"\btoner",
        r"^\S+ (?:stapled )?(?:notice|manual) ": "papier|paper",
        r"carton |cardboard ": "carton|cardboard",
        r"^\S+ (?:vieux téléphone|old telephone),|souris sans|wireless mouse": "à piles|runs on",
    }
    boxes = re.split(r"(?m)^(?=(?:Bac|Box) \d)", case.text())[1:]
    found = {}
    for entry in case.texts("entries"):
        line = only(line for what, line in lines.items() if re.search(what, entry))
        found[entry] = _named(case.texts("categories"), _named(boxes, line)[:5])
    return found


def _fiche(case: Case) -> Answer:
    """Compare the four stages of the sheet and take the gesture that acts on the heaviest."""
    gestures = {
        "fabrication|manufacturing": "garder|keep", "transport": "bateau|by sea",
        "usage|use": "éteindre|turn it off", "fin de vie|end of life": "rapporter|take it back",
    }  # fmt: skip
    lines = re.findall(r"(\S[^.:]+?) ?: (\d+) kg CO2e", case.pages())
    names = [*list(gestures)[:1], "client|customer", *list(gestures)[2:]]
    stages = {
        stage: only(int(kg) for line, kg in lines if re.search(rf"(?:{name})$", line))
        for stage, name in zip(gestures, names, strict=True)
    }
    heaviest = max(stages, key=lambda stage: stages[stage])
    share = round(100 * stages[heaviest] / sum(stages.values()))
    return [_named(_gap(case, 0), heaviest), share, _named(_gap(case, 2), gestures[heaviest])]


def _reparer(case: Case) -> Answer:
    """Keep the operations whose fault the message tells of."""
    faults = {
        "démarrage|start-up": "s'ouvrent tout seuls|open by themselves",
        "batterie|battery": "débranché, il s'éteint|unplugged, it dies",
        "2023": "disque est plein. .* tous sont aussi dans|disk is full. .* all are also in",
    }
    body = " ".join(case.body().split())
    return {_named(case.texts(), w) for w, why in faults.items() if re.search(f"(?i){why}", body)}


def _clock(text: str) -> list[float]:
    """The times of day of a text, in hours."""
    text = text.replace("noon", "12 p.m.")
    text = re.sub(r"(\d+) to (\d+) ([ap])\.m", r"\1 \3.m. to \2 \3.m", text)
    times = re.findall(r"(\d+)(?:\.(\d\d))? (?:h\b(?: (\d\d))?|([ap])\.m)", text)
    return [
        (int(hour) % 12 + 12 * (half == "p") if half else int(hour)) + int(dot or minutes or 0) / 60
        for hour, dot, minutes, half in times
    ]


def _ecrans(case: Case) -> Answer:
    """Add the half hours measured outside opening hours, for all screens and days."""
    opens, closes = _clock(case.scenario)
    days = int(_match(r"(\d+) (?:jours|days)", case.scenario)[1])
    screens = int(_match(r"(\d+) (?:écrans|screens)", case.scenario)[1])
    idle = sum(
        int(watts) / 2
        for hour, minutes, watts in re.findall(r"(\d\d):(\d\d) ; (\d+)", case.text(".log"))
        if not opens <= int(hour) + int(minutes) / 60 < closes
    )
    return [idle * days * screens / 1000, "kWh"]


def _feuilles(case: Case) -> Answer:
    """Take the sheets of what was collected, on both sides, from the sheets printed."""
    sheets = 0
    for _, _, pages, sides, fate in case.rows()[1:]:
        both = -(-int(pages) // 2)
        sheets += (both if sides == "RV" else int(pages)) - (both if fate == "RET" else 0)
    return sheets


def _covers(rank: str, entry: str) -> bool:
    """Whether the charter's text of a rank covers a task, its limits included."""
    longest = re.search(r"(\w+) pages (?:au plus|at most)", rank)
    pages = re.search(r"(\w+)[ -]pages?\b", entry)
    return (
        entry.split(maxsplit=1)[0].lower().rstrip("e") in rank.lower()
        and not (longest and pages and _WORDS[pages[1]] > _WORDS[longest[1]])
        and not (re.search("anglais|English", rank) and re.search("portugais|Portuguese", entry))
        and not (re.search("aucune donnée|no personal", rank) and re.search(_PERSONAL, entry))
    )


def _charte(case: Case) -> Answer:
    """Take the first rank of the charter whose tasks and limits allow the task, or the last."""
    ranks = re.split(r"(?=(?:Rang|Rank) [A-D],)", case.pages())[1:]
    names = [_match(r"\w+ [A-D],", rank)[0] for rank in ranks]
    return {
        entry: next((n for n, r in zip(names, ranks, strict=True) if _covers(r, entry)), names[-1])
        for entry in case.texts("entries")
    }


def _achat(case: Case) -> Answer:
    """Set the offers that are not admissible aside, then mark the others."""
    offers = [row for row in case.rows()[1:] if row[3] >= 7 and row[4] >= 7]
    price, energy = (min(row[place] for row in offers) for place in (2, 5))
    marks = {row[0]: 50 * price / row[2] + 3 * row[3] + 20 * energy / row[5] for row in offers}
    return str(max(marks, key=lambda name: marks[name]))


def _duree(case: Case) -> Answer:
    """Spread manufacturing over the years, now and as planned."""
    rows = [map(number, row[1:]) for row in case.rows()[1:]]
    less = sum(count * kg * (1 / now - 1 / planned) for count, kg, now, planned in rows)
    return [round(less, 3), _named(case.texts("units"), "^kg")]


def _mesures(case: Case) -> Answer:
    """Work out what each measure avoids, from a percentage or from years of use."""
    avoided: dict[str, float] = {}
    for _, kg, measure, effect in (row for row in case.rows()[1:] if row[2]):
        figures = _numbers(case, effect)
        avoided[measure] = kg * (figures[0] / 100 if "%" in effect else 1 - figures[0] / figures[1])
    return sorted(avoided, key=lambda measure: -avoided[measure])


def _bilan(case: Case) -> Answer:
    """Compare 2026 with 2023: journeys, hours online, rooms over their years of use."""
    text = case.pages()
    trips, _, fewer, _, each = _numbers(case, _match(r"(?<=: )\d+ (?:en|in) 2023, .+", text)[0])[:5]
    talk = _numbers(case, text[_match(r"Visioconférences :|Video meetings:", text).end() :])
    rooms = _numbers(case, text[_match(r"Salles :|Rooms:", text).end() :])
    _match("sur sept ans|over seven years", text)
    change = (fewer - trips) * each + (talk[2] - talk[0]) * talk[4] + rooms[1] * rooms[3] / 7
    shown = f"{abs(change) / 1000:.1f}".replace(".", "," if case.locale == "fr" else ".")
    sense = "de moins par an|less a year" if change < 0 else "de plus par an|more a year"
    return _named(case.texts(), rf"^{re.escape(shown)} t (?:{sense})")


def _fate(row: Sequence[str], *, today: date) -> str:
    """What the first check of the procedure that gives an answer says of a device."""
    _, _, made, owner, state, used, storage = row
    erased = re.search(r"(?:certifié le|erasure on) (\S+)", storage)
    if not re.search("Sans|No st|retiré|taken", storage) and not (erased and erased[1] >= used):
        return "Retenu|Held"
    if owner in {"Loué", "Rented"}:
        return "loueur|lessor"
    year, month = map(int, made.split("-"))
    old = (today.year - year, today.month - month) > (10, 0)
    return "déchets|Waste" if old or re.search("Hors|Out", state) else "Donné|Given"


def _sortie(case: Case) -> Answer:
    """Follow the four checks in order for each device of the list."""
    _match("s'arrête au premier|Stop at the first", case.pages())
    day, year = _match(r"(\d+)\w* (?:décembre|December) (\d+)", case.scenario).groups()
    today = date(int(year), 12, int(day))
    rows = {row[0]: row for row in case.rows(".ods")[1:]}
    return {
        entry: _named(case.texts("categories"), _fate(rows[entry[:5]], today=today))
        for entry in case.texts("entries")
    }


def _page(case: Case) -> Answer:
    """Keep the proposals that avoid 5 % of the weight and take nothing away from anyone."""
    changes = {
        "socle-v2": "socle-v2", r"ancien\.js": "ancien", "800 px": "bandeau",
        "polices|fonts": "woff2", r"styles\.css": r"(?:styles|contrastes)\.css",
        "300 K": "^plan|^map", "bouton|button": "^plan|^map", "mentions": "mentions",
    }  # fmt: skip
    rows = case.rows()[1:]
    least = _after(case, "au moins|at least", text=case.scenario) / 100
    limit = least * sum(number(row[2]) for row in rows)
    kept = set()
    for words, touched in changes.items():
        hit = [row for row in rows if re.search(touched, row[0])]
        weight = sum(number(row[2]) for row in hit)
        remarks = " ".join(row[3] for row in hit)
        left = re.search(r"; (\d+) [Kk][Oo B]", remarks)
        loses = re.search(_NEEDED, remarks) or words.startswith("300")
        if not loses and weight - number(left[1] if left else 0) >= limit:
            kept.add(_named(case.texts(), words))
    return kept


def _calcul(case: Case) -> Answer:
    """Try each start between the two deadlines that keeps clear of the two stops."""
    powers = _numbers(case, _match(r"\d+ kW (.+?) kW", case.scenario)[0])
    arrival, due, *stops = map(int, _clock(re.sub(r"à une heure.*", "", case.scenario)))
    stopped = {24 + hour for a, b in (stops[:2], stops[2:]) for hour in range(a, b)}
    hours = {i + 12: number(row[1]) for i, row in enumerate(case.rows()[1:])}
    emitted = [
        sum(power * hours[start + i] for i, power in enumerate(powers)) / 1000
        for start in range(arrival, 24 + due - len(powers) + 1)
        if not stopped & set(range(start, start + len(powers)))
    ]
    return [min(emitted), "kg CO2e"]


def _left(plan: Sequence[str], *, effects: dict[str, str], figures: list[list[float]]) -> float:
    """What a plan leaves to transfer in a month, in GB."""
    video, leaflet, photo, fonts = (weight * loads for weight, loads in figures)
    more = 0.0
    for effect in (effects[change] for change in plan):
        by = [number(one) for one in re.findall(r"\d+", effect)]
        if re.search("à la demande|on request", effect):
            video *= by[0] / 100
        elif re.search("Vidéo|Video", effect):
            video /= by[0]
        elif re.search("compact", effect):
            photo = by[0] * figures[2][1]
        else:
            more += by[0] * figures[2][1] if by else 0
            leaflet *= "PDF" not in effect
            fonts *= not re.search("olices|onts", effect)
    return (video + leaflet + photo + fonts + more) / 1e6


def _allegee(case: Case) -> Answer:
    """Try each set of changes that fits in the days and takes no text away."""
    _match("priver un lecteur d'écran|take away from a screen reader", case.scenario)
    days = {"cinq": 5, "five": 5}[_match(r"(\w+) (?:jours|days)", case.scenario)[1]]
    figures = [[number(cell) for cell in row[1:]] for row in case.rows(".csv")[1:]]
    changes = case.rows(".csv", place=1)[1:]
    effects = {row[0]: row[2] for row in changes}
    kept = [row for row in changes if not re.search("sans texte|without alt", row[2])]
    sets = [some for n in range(len(kept) + 1) for some in combinations(kept, n)]
    plans = [[row[0] for row in some] for some in sets if sum(int(row[1]) for row in some) <= days]
    best = min(plans, key=lambda plan: _left(plan, effects=effects, figures=figures))
    before, after = (_left(p, effects=effects, figures=figures) for p in ([], best))
    return [before, only(o for o in _gap(case, 1) if o.split(", ") == best), after]


def _portail(case: Case) -> Answer:
    """Apply the method to both portals, then solve for the sessions that make them equal."""
    rows = {
        "durée|duration": 5, "volume": 6, "sessions par|sessions per": 1,
        "serveurs|servers": 7, "appels|calls": 8,
    }  # fmt: skip
    minute, data, server, call = map(number, re.findall(r"([\d.,]+) g CO2e", case.text()))
    was, now = zip(*(map(number, row[1:]) for row in case.rows(".xlsx")[1:]), strict=True)
    each = [minute * at[5] + data * at[6] for at in (was, now)]
    fixed = [(server * at[7] + call * at[8]) / at[4] for at in (was, now)]
    old, new = (f + e * at[1] / at[4] for f, e, at in zip(fixed, each, (was, now), strict=True))
    by = {place: 1.0 if place in {5, 6} else now[4] / was[4] for place in rows.values()}
    worse = only(words for words, i in rows.items() if now[i] > was[i] * by[i])
    sessions = round((old - fixed[1]) / each[1], 2)
    return [round(old, 2), round(new, 2), sessions, _named(_gap(case, 3), worse)]


def _hebergement(case: Case) -> Answer:
    """Keep the offers of the Union; add use at the load to come and hardware sized for it."""
    now, future = _numbers(case, case.scenario)[:2]
    totals = {
        name: energy * future / now * pue * grid / 1000 + hardware * max(1, future / size) / years
        for name, country, operator, energy, pue, grid, hardware, size, years, _ in case.rows()[1:]
        if country in _UNION and not re.search("tiers|third", operator)
    }
    return _named(case.texts(), rf" {min(totals, key=lambda name: totals[name])}$")


def _secours(case: Case) -> Answer:
    """Try each plan of usable options within the budget, keep the one that emits least."""
    year = int(_match(r"31 \S+ (\d{4})", case.scenario)[1])
    budget = _after(case, "dépasser|exceed", text=case.scenario)
    lots: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for lot, count, option, cost, footprint, until, certified in case.rows()[1:]:
        if certified not in {"non", "no"} and (isinstance(until, str) or until >= year):
            kind = _named(case.texts("categories"), option)
            lots[lot].append((kind, count * cost, count * footprint))
    plans = [plan for plan in product(*lots.values()) if sum(one[1] for one in plan) <= budget]
    best = min(plans, key=lambda plan: sum(one[2] for one in plan))
    return {lot: one[0] for lot, one in zip(lots, best, strict=True)}


def _trieuse(case: Case) -> Answer:
    """Try each threshold that misses few enough with each host that the framework allows."""
    text = case.pages()
    most, small, large, again = (
        _after(case, words, text=text)
        for words in ("Au plus|At most", "Petit|Small", "Grand|Large", "Reprise :|Rework:")
    )
    messages = _numbers(case, case.scenario)[0]
    hosts = re.findall(r"(?:Hébergeur|Host) [A-Z]\. (\w+), (.+?)\. (PUE.*?)(?=Héb|Host|$)", text)
    totals = [
        messages * (small + large * passed / 100) * pue * grid / 1e6
        + hardware
        + messages * wrong * again / 1e7
        for country, operator, figures in hosts
        if country in _UNION and not re.search("tiers|third", operator)
        for pue, grid, hardware in [_numbers(case, figures.replace("CO2e", ""))]
        for _, passed, wrong, missed in case.rows(".ods")[1:]
        if missed <= most
    ]
    return [round(min(totals), 3), _named(case.texts("units"), "^kg")]


PROOFS: Final[dict[str, Proof]] = {
    "4.4-1-appareil-gourmand-la-nuit": _nuit,
    "4.4-1-ecran-allume-pour-rien": _ecran,
    "4.4-2-cours-en-son-seul": _son,
    "4.4-2-reglage-d-impression": _faces,
    "4.4-2-trier-le-petit-materiel": _bacs,
    "4.4-3-fiche-environnementale": _fiche,
    "4.4-3-reparer-avant-de-remplacer": _reparer,
    "4.4-4-ecrans-apres-la-fermeture": _ecrans,
    "4.4-4-feuilles-evitables": _feuilles,
    "4.4-4-quel-outil-pour-la-tache": _charte,
    "4.4-5-achat-de-portables": _achat,
    "4.4-5-duree-de-vie-du-parc": _duree,
    "4.4-5-par-quoi-commencer": _mesures,
    "4.4-6-bilan-des-visioconferences": _bilan,
    "4.4-6-materiel-a-donner": _sortie,
    "4.4-6-page-legere-pour-chacun": _page,
    "4.4-7-heure-du-calcul": _calcul,
    "4.4-7-page-plus-legere": _allegee,
    "4.4-7-par-declaration-validee": _portail,
    "4.4-8-choix-d-hebergement": _hebergement,
    "4.4-8-plan-du-parc-de-secours": _secours,
    "4.4-8-trieuse-de-messages": _trieuse,
}
JUDGED: Final[dict[str, str]] = {}
