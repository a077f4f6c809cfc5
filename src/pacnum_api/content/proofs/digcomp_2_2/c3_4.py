"""Keys of 3.4 (programming), found again from the files: the programs in them are run."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise, product
from operator import ge, gt, le, lt
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import (
    Answer,
    Case,
    ProofFailed,
    match,
    number,
    only,
)
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_SVG: Final = "{http://www.w3.org/2000/svg}"
_COUNT: Final = r"\d+(?:[\s,\u00a0\u202f]\d{3})*"
_MONTHS: Final = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "january february march april may june july august september october november december",
)
_YES: Final = {"oui", "yes"}
_SIGNS: Final[dict[str, Callable[[Any, Any], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def _counts(text: str) -> list[int]:
    """The whole numbers of a text, printed with or without a mark between thousands."""
    return [int(re.sub(r"\D", "", found)) for found in re.findall(_COUNT, text)]


def _month(word: str) -> int:
    """The place in the year of a month named in French or in English."""
    return next(names.split().index(word) + 1 for names in _MONTHS if word in names.split())


def _arguments(text: str) -> list[str]:
    """What a function is given, cut at the marks outside inner brackets."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign in ",;" and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return found


def _value(formula: str, row: Sequence[Any]) -> Any:
    """What a formula with IF, AND, OR and comparisons gives on a line."""
    call = re.fullmatch(r"([A-Z]+)\((.*)\)", formula)
    if call is None:
        return formula.strip('"') if formula[0] == '"' else _compared(formula, row)
    name, arguments = call[1], _arguments(call[2])
    if name in {"IF", "SI"}:
        return _value(arguments[1 if _value(arguments[0], row) else 2], row)
    truths = [bool(_value(argument, row)) for argument in arguments]
    return all(truths) if name in {"AND", "ET"} else any(truths)


def _compared(formula: str, row: Sequence[Any]) -> bool:
    letter, sign, limit = match(r'^([A-G])\d+([<>]?=?)"?(.*?)"?$', formula).groups()
    cell = row["ABCDEFG".index(letter)]
    return bool(cell == limit) if sign == "=" else _holds(cell, (sign, float(limit)))


def _holds(value: float, condition: tuple[str, float]) -> bool:
    return _SIGNS[condition[0]](value, condition[1])


def _borne(case: Case) -> Answer:
    """Follow the question on collection to the desk drawn beside it, its arrow being "yes"."""
    match("(?:n'a pas de rendez-vous|no appointment).*(?:retirer|collect)", case.scenario)
    texts = [(t.text or "", t.attrib["y"]) for t in case.drawing().iter(f"{_SVG}text")]
    height = only([y for text, y in texts if re.search("retrait|collection", text)])
    return {only([t for t, y in texts if y == height and re.search("Guichet|Desk", t)])}


def _chariot(case: Case) -> Answer:
    """Carry out the instructions of the drawing from the square where the start is written."""
    texts = {t.text or "": t.attrib for t in case.drawing().iter(f"{_SVG}text")}
    start = texts[only([text for text in texts if text in {"DÉPART", "START"}])]
    column = only([name for name in "ABCDE" if texts[name]["x"] == start["x"]])
    rows = {name: abs(float(texts[name]["y"]) - float(start["y"])) for name in "1234"}
    x, y = "ABCDE".index(column), "1234".index(min(rows, key=lambda name: rows[name]))
    path = only([p.attrib["d"] for p in case.drawing().iter(f"{_SVG}path")])
    base, tip = map(int, match(r"^M\d+ (\d+)V(\d+)M", path).groups())
    right, down = 0, 1 if tip > base else -1
    for text in sorted(text for text in texts if re.match(r"\d\. ", text)):
        if re.search("droite|right", text):
            right, down = -down, right
        elif re.search("gauche|left", text):
            right, down = down, -right
        else:
            steps = int(match(r" (\d+) (?:case|square)", text)[1])
            x, y = x + right * steps, y + down * steps
    return {f" {'ABCDE'[x]}{y + 1})"}


def _jours_chauds(case: Case) -> Answer:
    """Count the readings that reach the number in the program's test."""
    limit = int(match(r"(?:supérieure ou égale à|greater than or equal to) (\d+)", case.text())[1])
    readings = case.text().strip().splitlines()[-1].split(" ; ")
    return sum(int(reading) >= limit for reading in readings)


def _formule_aide(case: Case) -> Answer:
    """Work out every option on every line; keep the one that decides as the scenario says."""
    quotient = int(match(r"(?:inférieur à|below) (\d+)", case.scenario)[1])
    match("au moins trois enfants|at least three dependent", case.scenario)
    rows = case.rows(".ods")[1:]
    due = [row[5] in _YES and (row[4] < quotient or row[2] >= 3) for row in rows]

    def decides(option: str) -> bool:
        return due == [_value(option[1:], row) in {"Accordée", "Granted"} for row in rows]

    return only([option for option in case.texts() if decides(option)])


def _reference(case: Case) -> Answer:
    """Cut the subject of the message and put its parts together with the script's numbers."""
    script = case.text()
    parts = str(case.message()["Subject"]).split(match(r'\w+, "(.+?)"\)', script)[1])
    first, second = (int(n) for n in re.findall(r"\[[12]\], (\d+)\)", script))
    padding, width = match(r'"(0+)" & \w+\[3\], (\d+)\)', script).groups()
    start = f"{parts[0][:first]}-{parts[1][:second]}".upper()
    return f"{start}-{(padding + parts[2])[-int(width) :]}"


def _echeance(case: Case) -> Answer:
    """Add the script's days to the day of arrival, then go on to the first open day."""
    day, month, year = match(r"(?:le|on) (\d+)(?:er)? (\w+) (\d{4})", case.scenario).groups()
    due = date(int(year), _month(month.lower()), int(day))
    due += timedelta(int(match(r"\+ (\d+) (?:jours|days)", case.text())[1]))
    states = {row[0]: row[2] for row in case.rows(".csv")[1:]}
    form = "%Y-%m-%d" if any("-" in name for name in states) else "%d/%m/%Y"
    while states[due.strftime(form)] in {"fermé", "closed"}:
        due += timedelta(1)
    return due.strftime("%d/%m/%Y")


def _motif(case: Case) -> Answer:
    """Try the pattern of the file on every entry."""
    pattern = case.text().splitlines()[1]
    return {entry for entry in case.texts() if re.search(pattern, entry)}


def _messagerie(case: Case) -> Answer:
    """Try the rules on the headers and the attachments of the message, the first that applies."""
    message = case.message()
    subject, sender = str(message["Subject"]).lower(), message["From"].addresses[0].addr_spec
    receivers = [address.addr_spec for address in message["To"].addresses]

    def true(condition: str) -> bool:
        if re.search("pièce jointe|attachment", condition):
            return any(message.iter_attachments())
        mailbox = re.search(r"\S*@\S+", condition)
        if mailbox is None:
            return match('[«"]\\s*(.+?)\\s*[»"]', condition)[1] in subject
        if mailbox[0].startswith("@"):
            return bool(sender.endswith(mailbox[0]))
        return mailbox[0] not in receivers

    for rule in re.split(r"\n(?=\S)", case.text().strip()):
        conditions, _, then = " ".join(rule.split()).rpartition(" ")
        tests = re.split(r"\b(?:SI|IF|ET|AND|OU|OR|ALORS|THEN)\b", conditions)[1:-1]
        combine = any if re.search(r" (?:OU|OR) ", conditions) else all
        if combine([true(test) for test in tests]):
            return then
    raise ProofFailed("no rule applies")


def _appel(case: Case) -> Answer:
    """Fill in the parameters of the notice for the scenario's measurement, station and month."""
    notice = case.pages()
    measure, station, period, form = re.findall(r": ([^.:]+)\.", case.scenario)
    month, year = match(r"(\w+) (\d{4})", period).groups()
    first = date(int(year), _month(month.lower()), 1)
    match("fin ne l'est pas|fin is not", notice)
    parameters = {
        "debut": f"{first:%Y%m%d}",
        "fin": f"{(first + timedelta(31)).replace(day=1):%Y%m%d}",
        "format": form.lower(),
        "mesure": match(rf"(\d) (?:pour (?:la |le |l['’])|for ){measure}", notice)[1],
        "station": match(rf"{station} (\d+)", notice)[1],
    }
    defaults = re.findall(r"(\w+)(?: \(\w+\))? ?: [^:]*(?:Par défaut|Default) ?: (\w+)", notice)
    written = [f"{n}={v}" for n, v in sorted(parameters.items()) if (n, v) not in defaults]
    return f"{match('https://[^ ]+', notice)[0]}?{'&'.join(written)}"


def _formule_tri(case: Case) -> Answer:
    """Count the lines where the formula of the cell and the rule of the scenario differ."""
    high, age, low = _counts(case.scenario)

    def track(row: Sequence[Any]) -> str:
        if row[1] >= high or row[2] > age:
            return "A"
        return "B" if row[1] >= low else "C"

    return sum(bool(_value(row[3][1:], row) != track(row)) for row in case.rows(".xlsx")[1:])


def _journal(case: Case) -> Answer:
    """Trace what each line writes to the fields of the record and to the typed sentence."""
    lines = case.text().splitlines()
    *personal, stay = match(r"# (\w+(?:, \w+){3})$", case.text().split("\n")[4])[1].split(", ")
    typed = match(r"# \w+\.(\w+) ?: (?:phrase saisie|sentence typed)", case.text())[1]
    values: dict[str, str] = dict(re.findall(r"(\w+) = (.+)", case.text()))

    def written(text: str) -> str:
        bare = re.sub(r'"[^"]*"', "", text)
        return re.sub(r"(?<!\.)\b\w+\b(?![.(])", lambda m: written(values.get(m[0], "")), bare)

    def verdict(entry: str) -> int:
        line = only([line for line in lines if line[:2] == match(r"\d\d", entry)[0]])
        fields = written(match(r"(?:journal|log)\((.*)\)$", line)[1])
        if any(re.search(rf"\.{name}\b", fields) for name in (*personal, typed)):
            return 0
        return 1 if re.search(rf"\.{stay}\b", fields) and "(" not in fields else 2

    names = {"en": "Remove Change Keep", "fr": "Retirer Modifier Conserver"}[case.locale].split()
    return {entry: names[verdict(entry)] for entry in case.texts("entries")}


def _essais(case: Case) -> Answer:
    """Work out every test by the regulations and by the script's own comparisons."""
    rules, script = case.text().split("\n\nSCRIPT\n")
    _, one, low, two, _, _, three, high, *_, least = _counts(rules)
    match("À partir de trois enfants|From three registered", rules)
    tests = [(sign, float(limit)) for sign, limit in re.findall(r"([<>]=?) (\d+)", script)]

    def due(quotient: int, children: int, *, local: bool) -> tuple[int, int]:
        price = three if quotient >= high else two if quotient >= low else one
        return price, 2 if local and children >= 3 else 1

    def shown(quotient: int, children: int) -> tuple[int, int]:
        price = one if _holds(quotient, tests[0]) else two if _holds(quotient, tests[1]) else three
        return price, 2 if _holds(children, tests[2]) else 1

    def differs(option: str) -> bool:
        quotient, children, hours = _counts(option)
        local = bool(re.search("oui|yes", option))
        rule, result = due(quotient, children, local=local), shown(quotient, children)
        return max(rule[0] * hours / rule[1], least) != max(result[0] * hours / result[1], least)

    return {option for option in case.texts() if differs(option)}


def _passages(case: Case) -> Answer:
    """Run the day: a full run where the fingerprint changes or at the two fixed times."""
    full, check = (int(n) for n in re.findall(r"(\d+) Wh", case.scenario))
    fixed = re.findall(r"(\d\d?)(?: h |:)00(?= et à|\.| and at)", case.scenario)
    times = {f"{int(hour):02}:00" for hour in fixed}
    rows = case.rows(".csv")[1:]
    runs = sum(bool(then[1] != now[1]) or now[0] in times for then, now in pairwise(rows))
    return (len(rows) - 1) * (full - check) - runs * full


def _refus(case: Case) -> Answer:
    """Raise the request's seniority month by month until the script ranks it high enough."""
    _, each, most, cap, step, hard, much, medium, some, extra, offers = _counts(case.text())
    wanted = match(r"\b[LR]\d{3}\b", case.scenario)[0]

    def place(row: Sequence[str], seniority: int) -> tuple[int, int, str]:
        effort = 100 * int(row[3]) / int(row[4])
        points = each * min(int(row[1]), most) + min(cap, seniority // step)
        points += much if effort > hard else some if effort > medium else 0
        return -points - extra * (row[5] in _YES), -seniority, row[0]

    rows = [row for row in case.rows(".csv")[1:] if row[6] in _YES]
    own = only([row for row in rows if row[0] == wanted])
    limit = sorted(place(row, int(row[2])) for row in rows if row is not own)[offers - 1]
    return next(months for months in range(1000) if place(own, months) < limit)


def _attribution(case: Case) -> Answer:
    """Give the places by the rule and by the script, which compares the points as text."""
    match("comme du texte|as text", case.text())
    rows = sorted(case.rows(".csv")[1:], key=lambda row: str(row[2]))

    def waiting(points: Callable[[str], Any]) -> set[str]:
        places = {name: int(n) for name, n in re.findall(r"(S\d) ?: (\d)", case.text())}
        left = set()
        for row in sorted(rows, key=lambda row: points(row[1]), reverse=True):
            wish = next((wish for wish in row[3:] if places[wish] > 0), None)
            if wish is None:
                left.add(row[0])
            else:
                places[wish] -= 1
        return left

    return only(waiting(str) - waiting(int))


def _tirage(case: Case) -> Answer:
    """Keep the procedure whose every step is free of the flaws that its words show."""
    _, *blocks = re.split(r"\n(?=PROC[EÉ]DURE \d)", case.text())

    def sound(block: str) -> bool:
        monday, after = re.split(r"Mardi|Tuesday", block)
        ranks = re.search(r"(?:reste|remainder)\(.*, (\d+)\)", after)
        whole = ranks is None or int(ranks[1]) >= max(_counts(monday))
        fixed = bool(re.search("numéros neutres, qui ne|neutral numbers, which will not", monday))
        drawn = bool(re.search("= (?:loterie|lottery)", after))
        again = bool(re.search("recommencer|start again", after))
        return whole and fixed and drawn and not again

    return match(r"\d", only([block for block in blocks if sound(block)]))[0]


def _seuil(case: Case) -> Answer:
    """Try every pair of thresholds; of those that meet both conditions, the fewest examinations."""
    *_, bad_small, small, bad_large, large, percent, points = _counts(case.scenario)

    def fits(one: Sequence[int], other: Sequence[int]) -> bool:
        found = 100 * (one[1] + other[2]) >= percent * (bad_small + bad_large)
        gap = abs(100 * one[3] * large - 100 * other[4] * small)
        return found and gap <= points * small * large

    rows = case.rows(".xlsx")[1:]
    if any(fits(row, row) for row in rows):
        raise ProofFailed("a common threshold will do")
    pairs = [(one, other) for one, other in product(rows, rows) if fits(one, other)]
    costs = sorted(one[1] + other[2] + one[3] + other[4] for one, other in pairs)
    return int(only(costs[:1] if costs[0] < costs[1] else costs))


def _suspendre(case: Case) -> Answer:
    """Run the rules week by week; keep the one that is in time and never without incident."""
    weeks = [[number(cell or 0) for cell in row] for row in case.rows(".csv")[1:]]
    shares = [week[2] for week in weeks]
    expected = float(match(r"(\d+) ?%\.", case.text())[1])

    def fires(rule: str, place: int) -> bool:
        enough = re.search(r"N(?:\(S\))? >= (\d+)", rule)
        mean = sum(shares[place - 4 : place]) / 4 if "S-4" in rule else expected
        gap = abs(shares[place] - mean) if "|" in rule else shares[place]
        limit = float(match(r" > (\d+)", rule)[1])
        return gap > limit and (enough is None or weeks[place][1] >= int(enough[1]))

    def serves(rule: str) -> bool:
        """Errors are known too late; a rule that looks back waits until it can."""
        first = int(match(r"S = (\d)", rule)[1]) - 1 if "S = " in rule else 0
        fired = [place for place in range(first, len(weeks)) if fires(rule, place)]
        if "S-1, N" in rule:
            fired = [place for place in fired if fires(rule, place - 1)]
        if "E(S)" in rule or not all(weeks[place][4] for place in fired):
            return False
        starts = ([p for p, week in enumerate(weeks) if week[4] == n][:2] for n in (1, 2, 3))
        return all(set(start) & set(fired) for start in starts)

    rules = [line for line in case.text().splitlines() if line.startswith("R")]
    return match(r"\d", only([rule for rule in rules if serves(rule)]))[0]


def _versions(case: Case) -> Answer:
    """Try every combination of the versions that meet the five conditions."""
    licences = set(re.findall(r"EUPL-1\.2|MIT|CeCILL-2\.1", case.scenario))
    rows = [row for row in case.rows(".ods")[1:] if row[2] in licences and row[4] in _YES]
    day, word, year = match(r"(\d+) (\w+) (20\d\d)", case.scenario).groups()
    until = date(int(year), _month(word.lower()), int(day)).isoformat()
    rows = [row for row in rows if row[5] >= until and not {row[3], row[6]} & _YES]
    names = list(dict.fromkeys(row[0] for row in rows))

    def agrees(chosen: Sequence[Sequence[str]]) -> bool:
        versions = {row[0]: float(row[1]) for row in chosen}
        needs = re.findall(r"(\w+) ([<>]=?) ([\d.]+)", " ".join(row[7] for row in chosen))
        return all(_holds(versions[name], (sign, float(n))) for name, sign, n in needs)

    combinations = product(*([row for row in rows if row[0] == name] for name in names))
    return [str(row[1]) for row in only([c for c in combinations if agrees(c)])]


PROOFS: Final[dict[str, Proof]] = {
    "3.4-1-borne-d-accueil": _borne,
    "3.4-2-chariot-automatique": _chariot,
    "3.4-2-jours-chauds": _jours_chauds,
    "3.4-3-formule-d-aide": _formule_aide,
    "3.4-3-reference-d-une-demande": _reference,
    "3.4-4-echeance-reportee": _echeance,
    "3.4-4-motif-de-controle": _motif,
    "3.4-4-regles-de-messagerie": _messagerie,
    "3.4-5-appel-d-une-interface": _appel,
    "3.4-5-formule-de-tri": _formule_tri,
    "3.4-5-journal-d-un-script": _journal,
    "3.4-6-essais-qui-revelent": _essais,
    "3.4-6-passages-inutiles": _passages,
    "3.4-7-expliquer-un-refus": _refus,
    "3.4-7-script-d-attribution": _attribution,
    "3.4-7-tirage-verifiable": _tirage,
    "3.4-8-seuil-d-un-modele": _seuil,
    "3.4-8-suspendre-un-modele": _suspendre,
    "3.4-8-versions-compatibles": _versions,
}
JUDGED: Final[dict[str, str]] = {}
