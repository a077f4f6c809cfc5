"""Keys of 5.1 (solving technical problems), found again from the files."""

import math
import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_Cells: TypeAlias = Sequence[str]
_SVG: Final = "{http://www.w3.org/2000/svg}"
_PARIS: Final = ZoneInfo("Europe/Paris")
_REUNION: Final = ZoneInfo("Indian/Reunion")


def _match(pattern: str, text: str) -> re.Match[str]:
    return match(pattern, text, flags=re.IGNORECASE)


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _with(texts: Collection[str], pattern: str) -> str:
    """The only text in which a pattern is found."""
    return only([text for text in texts if _has(pattern, text)])


def _adresse(case: Case) -> Answer:
    """Spell the name of the addressee in the form of the address that was refused."""
    refused = only(re.findall(r"\S+@\S+", case.body()))
    name = _match(r"(?:Destinataire|Addressee) ?: *(.+)", case.body())[1]
    return f"{'.'.join(name.lower().split())}@{refused.split('@')[1]}"


def _boxes(case: Case) -> dict[str, tuple[float, float]]:
    """Where each text of a drawing stands."""
    texts = case.drawing().iter(f"{_SVG}text")
    return {str(text.text): (float(text.get("x", 0)), float(text.get("y", 0))) for text in texts}


def _majuscules(case: Case) -> Answer:
    """Find the region in which the name of the lock of capital letters is drawn."""
    boxes = _boxes(case)
    x, y = boxes[_with(boxes, "verr|lock")]
    columns = [one for one in case.interaction["regions"] if 0 < x - one["x"] < one["width"]]
    return {only([one["text"] for one in columns if 0 < y - one["y"] < one["height"]])}


def _classeur(case: Case) -> Answer:
    """Look up in the directory who is editing the workbook at present."""
    user = _match(r"(?:en cours de modification par|being edited by)[ .]+([\w.]+),", case.text())[1]
    return str(only([row[4] for row in case.rows(".ods") if row[3] == user]))


def _file_d_impression(case: Case) -> Answer:
    """Find the job in error that only waiting ones follow."""
    stuck = r"\n(\d{4}) .*(?:erreur|error).*(?:\n\d{4} .*(?:en attente|waiting))*\s*$"
    return _match(stuck, case.text())[1]


def _colonne(case: Case) -> Answer:
    """Find the only text among the cells that the formulas multiply."""
    rows = case.rows()
    cells = re.findall(r"[A-C]\d+", " ".join(str(row[3]) for row in rows if "*" in str(row[3])))
    values = {cell: rows[int(cell[1:]) - 1]["ABC".index(cell[0])] for cell in cells}
    return str(only([cell for cell, value in values.items() if isinstance(value, str)]))


def _joindre(case: Case) -> Answer:
    """Take what the note says to help; the picture is of the record that may be shown."""
    helps = _match(r"1\. (.*?) 2\. ", case.pages())[1]
    shown = _match(r"3\. .*(?:au nom de|in the name of) ([A-Z]+ \w+)", case.pages())[1]
    said = ("exact", "gestes qui|actions that", "image de l'écran|picture of the screen")
    options = ("texte|text of", "gestes|actions", shown)
    pairs = zip(said, options, strict=True)
    return {_with(case.texts(), option) for words, option in pairs if _has(words, helps)}


def _muet(case: Case) -> Answer:
    """See that the output in use cannot sound, and take the output that is ready."""
    _match(r"(?:sortie utilisée|output in use).*(?:sans|without)", case.text())
    ready = _match(r"(haut-parleurs|loudspeakers).*(?:prêts|ready)", case.text())[1]
    return _with(case.texts(), ready)


_CLEAN: Final = "privée|private|autre navigateur|other browser|poste de Bastien|Bastien's computer"
_REMOVED: Final = {
    "câble|cable": "Wi-Fi|poste de Bastien|Bastien's computer", "extension": _CLEAN,
    "droit|right": "compte de Bastien|Bastien's account", "donnée|data": _CLEAN,
    "horloge|clock": "poste de Bastien|Bastien's computer",
    "128": "autre navigateur|other browser", "générale|general": "nowhere",
}  # fmt: skip
"""By words of the cause, the trials in which that cause is away."""


def _essais(case: Case) -> Answer:
    """Keep the causes that are away in every trial that works, and in no other one."""
    trials = re.findall(r"(?:Essai|Trial) \d +(.*?) +-> (.*)", case.text())
    works = [not re.match("boucle|loop", result) for _, result in trials]
    away = {cause: [_has(words, one) for one, _ in trials] for cause, words in _REMOVED.items()}
    return {_with(case.texts(), cause) for cause, in_trials in away.items() if in_trials == works}


def _origine(case: Case) -> Answer:
    """Find the first line in error whose subject does not answer again later."""
    lines = re.findall(r"(\S+) ([A-Z]+) +(.*?) ?: ", case.text(".log"))
    well = {subject for _, gravity, subject in lines if gravity == "INFO"}
    errors = [time for time, gravity, it in lines if gravity.startswith("ERR") and it not in well]
    return _with(case.texts(), errors[0])


def _path(case: Case, *ends: str) -> set[str]:
    """The boxes of the plan from one to another; each line goes down from a box to its branch."""
    boxes = _boxes(case)
    drawn = case.drawing().iter(f"{_SVG}line")
    lines = [[float(line.get(side, 0)) for side in ("x1", "y1", "x2", "y2")] for line in drawn]

    def chain(name: str) -> list[str]:
        tops = [line[:2] for line in lines if math.dist(boxes[name], line[2:]) < 40]
        above = [box for box, at in boxes.items() for top in tops if math.dist(at, top) < 40]
        return [name, *(chain(only(above)) if above else [])]

    one, other = map(chain, ends)
    return set(one) ^ set(other) | {next(box for box in one if box in other)}


def _plan(case: Case) -> Answer:
    """Find the box whose failure cuts what was reported, and nothing of what works."""
    boxes = _boxes(case)
    targets = {
        "internet|page d'accueil|home page": "Internet", "imprim|print": "imprimante|printer",
        "serveur de fichiers|file server": "serveur|server",
    }  # fmt: skip
    suspects = set(case.texts("regions"))
    for place, said in re.findall(r"^\d\d:\d\d  (.*?) ?: (.*)$", case.text(), re.MULTILINE):
        start = _with(boxes, re.sub(r",.*| \d+", "", place))
        for to in (_with(boxes, box) for words, box in targets.items() if _has(words, said)):
            path = _path(case, start, to)
            suspects = suspects & path if said[0] in '«"“' else suspects - path
    return {only(suspects)}


def _conflit(case: Case) -> Answer:
    """Find whose card answers too, and the smallest fixed address of its network not in use."""
    conflict = r"CONFLI\w+ ([\d.]+\.)\d+ ?:.*?(\w\w(?:-\w\w){5})"
    network, card = _match(conflict, case.text(".log")).groups()
    low, high = _match(r"3\. .*?(\d+) (?:à|to) (\d+) ?:", case.text()).groups()
    taken = {row[2] for row in case.rows(".csv") if row[3] not in {"retiré", "withdrawn"}}
    free = [n for n in range(int(low), int(high) + 1) if f"{network}{n}" not in taken]
    return [only([row[0] for row in case.rows(".csv") if row[1] == card]), min(free)]


def _priorite(case: Case) -> Answer:
    """Apply the rule to each failure, its tickets added up."""
    rule = case.pages()
    many = int(_match(r"(?:au moins|at least) (\d+)", rule)[1])
    limit = int(_match(r"(?:moins de|less than) (\d+)", rule)[1])
    now = int(_match(r"(\d+) (?:h\b|am)", case.scenario)[1])
    tickets = case.rows(".csv")[1:]

    def of(row: _Cells) -> str:
        is_wide = sum(int(one[5]) for one in tickets if one[3] == row[3]) >= many
        end = re.match(r"(\d\d):(\d\d)", row[7])
        left = None if end is None else int(end[1]) + int(end[2]) / 60 - now
        is_urgent = row[7] in {"aucune", "none"} or (left is not None and left < limit)
        stops = any(one[6] in {"oui", "yes"} for one in tickets if one[3] == row[3])
        return "P1" if stops else f"P{3 - is_wide - is_urgent}"

    rows = {row[0]: row for row in tickets}
    return {entry: of(rows[entry.split(",")[0]]) for entry in case.texts("entries")}


def _cause(case: Case) -> Answer:
    """Put the changes back in time, then find the value that all slow measurements alone have."""
    header, *rows = case.rows(".xlsx")
    limit = int(_match(r"(\d+) second", case.scenario)[1])
    changes = case.rows(".csv")[1:]
    today = max(when[:10] for when, *_ in changes)
    seen = []
    for column, row in product((-2, -1), rows):
        hour = int(header[column].split()[0]) + 12 * ("pm" in header[column])
        done = [one for one in changes if f"{today} 08" <= one[0] <= f"{today} {hour:02d}"]
        values = dict(zip(header[1:-2], row[1:-2], strict=True))
        values |= {what: new for _, computer, what, _, new in done if computer == row[0]}
        seen.append((set(values.items()), row[column] > limit))
    pairs = set().union(*(values for values, _ in seen))
    return str(only(pair for pair in pairs if all((pair in had) is slow for had, slow in seen))[1])


def _diagnostic(case: Case) -> Answer:
    """Test each point of the diagnosis on the transmissions of the log."""
    rows = case.rows()[1:]
    failed = [row for row in rows if row[6] in {"échec", "failure"}]
    satellite = [row for row in rows if row[2] == "satellite"]
    points: dict[str, bool] = {
        "stations": {row[2] for row in failed} == {"satellite"},
        "STA-2": failed[0][1] == "STA-2" and failed[0][0].startswith("16"),
        "700": all((int(row[4]) > 700) is (row in failed) for row in satellite),
        "800": any(int(row[4]) > 800 for row in rows if row[2] == "mobile" and row not in failed),
        "sur deux|in two": 2 * sum(row in failed for row in satellite) > len(satellite),
        "v3.2": {row[3] for row in failed} == {"v3.2"},
        " 60 ": {row[5] for row in failed} == {"60"},
    }
    return {_with(case.texts(), words) for words, holds in points.items() if not holds}


def _version_of(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _version(case: Case) -> Answer:
    """Take the highest version that meets every condition of the message."""
    body = " ".join(case.body().split())
    systems = re.findall(r"syst[eè]me? (\d+)", body)
    drivers = re.findall(r"(?:pilote|driver)[ a-z]* (\d\.\d)", body)
    signature = _match(r"(S\d) (?:sans limite|without limit)", body)[1]
    items = int(_match(r"(\d+) (?:articles|items)", body)[1])
    until = date(int(_match(r"31 mar\w+ (\d{4})", body)[1]), 3, 31)

    def covers(bounds: str, wanted: Collection[str]) -> bool:
        low, high = map(_version_of, re.findall(r"[\d.]+", bounds))
        return all(low <= _version_of(one) <= high for one in wanted)

    rows = [one for one in case.rows(".xlsx")[1:] if signature in one[4] and one[5] >= items]
    rows = [one for one in rows if covers(one[2], systems) and covers(one[3], drivers)]
    late = [row[0] for row in rows if date(*map(int, reversed(row[6].split("/")))) >= until]
    return str(max(late, key=_version_of))


def _effet(case: Case) -> Answer:
    """Expect in each zone the rate before, changed as in the control group."""
    cuts, hours = both = [{tuple(row[:3]): row[n] for row in case.rows()[1:]} for n in (4, 3)]
    (fixed, _, before), *_, (control, _, after) = hours
    zones = {zone for _, zone, _ in hours}
    rates = {key: cuts[key] / hours[key] for key in hours}
    shift = {z: rates[control, z, after] / rates[control, z, before] for z in zones}
    expected = sum(hours[fixed, z, after] * rates[fixed, z, before] * shift[z] for z in zones)
    cut, spent = ([sum(n[fixed, z, p] for z in zones) for p in (before, after)] for n in both)
    rate = cut[1] / spent[1] / (cut[0] / spent[0])
    return [round(100 * (1 - rate)), round(expected), round(100 * (1 - cut[1] / expected))]


def _cost(kept: Sequence[_Cells], rest: Sequence[_Cells], *, prices: Sequence[int]) -> int:
    """The price of the parts that neither the other laptops nor the stock can give."""
    cost = 0
    for column, price in enumerate(prices, start=2):
        for models in ({"R1", "R2"},) if column > 3 else ({"R1"}, {"R2"}):
            missing = sum(not _has("bon|good", row[column]) for row in kept if row[1] in models)
            spare = sum(row[column] in {"bon", "good"} for row in rest if row[1] in models)
            cost += price * max(0, missing - spare - 2 * (column == 4))
    return cost


def _remettre(case: Case) -> Answer:
    """Try every choice of ten laptops with a good motherboard."""
    _match(r"gratuites : deux batteries|free: two batteries", case.pages())
    prices = [int(one) for one in re.findall(r"(\d+) €|€(\d+)", case.pages()) for one in one if one]
    rows = case.rows(".xlsx")[1:]
    sound = [row for row in rows if row[6] in {"bon", "good"}]
    chosen = ((kept, [one for one in rows if one not in kept]) for kept in combinations(sound, 10))
    return min(_cost(kept, rest, prices=prices) for kept, rest in chosen)


def _vagues(case: Case) -> Answer:
    """Fill each room wave after wave; the link of the school must never be the narrower."""
    text = case.text()
    patterns = (r"(\d+) Mbit/s", r"(\d+) M[oB]\b", r"(0[,.]\d) Mbit/s")
    link, size, each = (number(_match(one, text)[1]) for one in patterns)
    seconds = 60 * int(_match(r"(\d) minutes", text)[1])
    rooms = [row[1:] for row in case.rows(".ods")[1:]]
    started = [0] * len(rooms)
    for _ in range(3):
        new = [
            min(pupils - done, math.floor((rate - each * done) * seconds / (8 * size) + 1e-9))
            for (pupils, rate), done in zip(rooms, started, strict=True)
        ]
        only({sum(new) * 8 * size / seconds + each * sum(started) <= 0.75 * link} & {True})
        started = [done + more for done, more in zip(started, new, strict=True)]
    return sum(started)


def _runs(text: str, word: str) -> list[datetime]:
    """When the export or the import ran, in the order of the log."""
    times = re.findall(rf"^{word} ([\d-]+)[T ]([\d:]+)", text, re.MULTILINE)
    zone = UTC if word == "export" else _PARIS
    return [datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone) for day, time in times]


def _at(day: datetime, clock: str) -> datetime:
    """The moment of a day that a time names, on the clock it names."""
    hour, minute = _match(r"(\d+)(?: h\b ?|:)(\d\d)?", clock).groups()
    zone = UTC if "UTC" in clock else _PARIS if "Paris" in clock else _REUNION
    return day.astimezone(zone).replace(hour=int(hour), minute=int(minute or 0))


def _margin(start: str, *, drop: datetime, note: str) -> float:
    """Minutes from the end of the import to the payslips; below zero when the import fails."""
    cut = _match(r"3\. \w+ (.*?) (?:à|to) (.*?), ", note).groups()
    sent = _match(r"4\. .*?(?:à|at) (.*?), ", note)[1]
    begin = _at(drop, start) if re.search(r"\d", start) else drop
    end = begin + timedelta(minutes=int(_match(r"2\. .*?(\d+) minutes", note)[1]))
    off, on = (_at(drop, f"{time} Paris") for time in cut)
    holds = begin >= drop and (end <= off or begin >= on)
    return (_at(drop, f"{sent} Réunion") - end).total_seconds() / 60 if holds else -1


def _chaine(case: Case) -> Answer:
    """Put all clocks on UTC, see which one moved, and try each start in both seasons."""
    exports, imports = _runs(case.text(".log"), "export"), _runs(case.text(".log"), "import")
    gaps = [(out - into).total_seconds() / 60 for out, into in zip(exports, imports, strict=True)]
    only({one.time() for one in exports})
    only({gaps[-1] - gaps[0]} & {60})
    note = " ".join(case.text().split())
    late = timedelta(minutes=int(_match(r"1\. .*?(\d+) minutes", note)[1]))
    drops = [day + delay for day in (exports[0], exports[-1]) for delay in (timedelta(), late)]
    moved, starts = ([o["text"] for o in case.interaction["blanks"][n]["options"]] for n in (0, 2))
    left = {one: [_margin(one, drop=drop, note=note) for drop in drops] for one in starts}
    lasting = only([one for one, margins in left.items() if min(margins) >= 0])
    return [_with(moved, "import.*(plus tôt|earlier)"), gaps[-1], lasting, left[lasting][0]]


def _deux_conditions(case: Case) -> Answer:
    """Find what the trials that fail without a remark have in common, and its rate."""
    trials = case.rows(".csv")[1:]
    failed = [row for row in trials if int(row[6]) and not row[7]]
    common = [column for column in range(1, 5) if len({row[column] for row in failed}) == 1]
    values = [failed[0][column] for column in common]
    alike = [row for row in trials if [row[column] for column in common] == values]
    rate = sum(int(row[6]) for row in failed) / sum(int(row[5]) for row in alike)
    fleet = [row for row in case.rows(".xlsx")[1:] if [row[column] for column in common] == values]
    options = [one["text"] for one in case.interaction["blanks"][0]["options"]]
    needed = math.ceil(math.log(0.05) / math.log(1 - rate))
    return [_with(options, ".*".join(values)), len(fleet), needed]


_KINDS: Final = {
    "canal|channel": "alert", "annuaire|directory": "session", "lien|link": "link",
    "domaine|domain": "domain", "^site|site$|^mirror site": "site",
}  # fmt: skip
_Means: TypeAlias = tuple[str, set[str], set[str]]


def _means(row: _Cells) -> _Means:
    """The kind of a means, the providers whose stop stops it, and the kinds it needs."""
    name, run_by, needs = row[:3]
    kind = next(kind for words, kind in _KINDS.items() if _has(words, name))
    needed = {kind for word, kind in (("Internet", "link"), ("domai", "domain")) if word in needs}
    return kind, set(re.findall(r"\b[A-H]\b", f"{run_by} {needs}")), needed


def _stands(means: Collection[_Means]) -> bool:
    """Whether each function has a means that works, whichever provider stops."""
    for stopped in set().union(*(by for _, by, _ in means)):
        up = [one for one in means if stopped not in one[1]]
        kinds = {kind for kind, _, _ in up}
        if not {"alert", "session", "site"} <= {kind for kind, _, needs in up if needs <= kinds}:
            return False
    return True


def _prestataire(case: Case) -> Answer:
    """Try every set of measures against the stop of each provider."""
    now = [_means(row) for row in case.rows(".ods")[2:]]
    measures = case.rows(".ods", place=1)[1:]
    sets = (chosen for n in range(9) for chosen in combinations(measures, n))
    good = [chosen for chosen in sets if _stands([*now, *map(_means, chosen)])]
    costs = [sum(row[3] for row in chosen) for chosen in good]
    best = only([one for one, cost in zip(good, costs, strict=True) if cost == min(costs)])
    return {row[0].split(" (")[0] for row in best}


PROOFS: Final[dict[str, Proof]] = {
    "5.1-1-adresse-mal-saisie": _adresse,
    "5.1-1-tout-en-majuscules": _majuscules,
    "5.1-2-classeur-verrouille": _classeur,
    "5.1-2-file-d-impression": _file_d_impression,
    "5.1-3-erreur-dans-la-colonne": _colonne,
    "5.1-3-joindre-a-la-demande": _joindre,
    "5.1-3-lecteur-d-ecran-muet": _muet,
    "5.1-4-essais-de-connexion": _essais,
    "5.1-4-origine-de-la-panne": _origine,
    "5.1-4-plan-du-reseau": _plan,
    "5.1-5-conflit-d-adresses": _conflit,
    "5.1-5-priorite-des-tickets": _priorite,
    "5.1-6-cause-commune": _cause,
    "5.1-6-diagnostic-de-l-assistant": _diagnostic,
    "5.1-6-version-a-reprendre": _version,
    "5.1-7-effet-de-la-correction": _effet,
    "5.1-7-remettre-en-service": _remettre,
    "5.1-7-vagues-de-connexion": _vagues,
    "5.1-8-chaine-de-nuit": _chaine,
    "5.1-8-panne-a-deux-conditions": _deux_conditions,
    "5.1-8-sans-prestataire": _prestataire,
}
JUDGED: Final[dict[str, str]] = {}
