"""Keys of 2.1 (interacting through digital technologies), found again from the files."""

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Any, Final
from zoneinfo import ZoneInfo

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

_SVG: Final = "{http://www.w3.org/2000/svg}"
_YES: Final = {"oui", "yes"}


def _with(texts: Collection[str], pattern: str) -> str:
    """The only text in which a pattern is found."""
    return only([text for text in texts if re.search(pattern, text, re.IGNORECASE)])


def _points(text: str) -> list[str]:
    """The numbered points of a note, each on one line."""
    return re.split(r" ?(?<!\d)\d\. (?=\D)", " ".join(text.split()))[1:]


def _bulle(case: Case) -> Answer:
    """Find the button whose sign is a bubble with three dots."""
    buttons = case.drawing().iter(f"{_SVG}g")
    bubble = only([group for group in buttons if len(group.findall(f"{_SVG}circle")) == 3])
    left = float(bubble.findall(f"{_SVG}rect")[0].attrib["x"])
    return {only([one["text"] for one in case.interaction["regions"] if one["x"] == left])}


def _micro(case: Case) -> Answer:
    """Among the lines whose microphone is not struck out, leave out who is speaking."""
    names, lines = (case.drawing().iter(f"{_SVG}{tag}") for tag in ("text", "line"))
    speaking = [float(one.attrib["y"]) for one in names if str(one.text) in case.scenario]
    struck = [
        float(line.attrib["y1"])
        for line in lines
        if line.attrib["x1"] != line.attrib["x2"] and float(line.attrib["x1"]) < 340
    ]
    return {
        region["text"]
        for region in case.interaction["regions"]
        if not any(0 < y - region["y"] < region["height"] for y in speaking + struck)
    }


def _absence(case: Case) -> Answer:
    """Find the contact whose field is that of the request."""
    fields = ("atelier|workshop", "aide|help", "entretien|interview")
    field = only([one for one in fields if re.search(one, case.scenario)])
    contacts = re.findall(r"(?m)^- (.+)$", case.body())
    return match(r"\S+@\S+", _with(contacts, field))[0]


def _objet(case: Case) -> Answer:
    """Take the subject that names the stop, its day and what the draft asks people to do."""
    deed = match(r"(?:Merci d'|Please )(\w{5})", case.body())[1]
    day = match(r"jeudi|Thursday", case.body())[0]
    return only([text for text in case.texts() if deed in text and day in text])


def _reponse(case: Case) -> Answer:
    """Read the header Reply-To, which comes before From."""
    return str(case.message()["Reply-To"])


_FACTS: Final = (r"Payet", r"grande|larger", r"interpr", r"\b90\b", r"\b23 \w+")


def _fil(case: Case) -> Answer:
    """The lower in the thread, the older: sort the facts by the last place that tells each."""
    body, entries = case.body(), case.texts("entries")
    below = {_with(entries, fact): len(re.split(fact, body)[-1]) for fact in _FACTS}
    return sorted(entries, key=below.__getitem__)


_CUES: Final = (
    r"menacé|threatened",
    r"mis en cause|plaignant|témoin|suspect|complainant|witness",
    r"collège|head teacher|au dossier|on file",
    r"",
)


def _outils(case: Case) -> Answer:
    """Take for each exchange the first point of the note that speaks of it, and its tool."""
    tools = [
        only([one for one in case.texts("categories") if one.casefold() in point.casefold()])
        for point in _points(case.pages())[:4]
    ]
    return {
        entry: next(tool for cue, tool in zip(_CUES, tools, strict=True) if re.search(cue, entry))
        for entry in case.texts("entries")
    }


def _annuaire(case: Case) -> Answer:
    """Take the recipient refused for good because the mailbox does not exist."""
    blocks = [block for block in case.body().split("\n\n") if "Final-Recipient" in block]
    wrong = [block for block in blocks if "Action: failed" in block and "Status: 5.1.1" in block]
    return match(r"rfc822; (\S+)", only(wrong))[1]


def _attente(case: Case) -> Answer:
    """Keep the last author of each conversation, automatic messages left out."""
    last = {row[2]: row[3] for row in case.rows("xlsx")[1:] if row[3] != "A"}
    return list(last.values()).count("U")


def _met(condition: str, *, sender: str, subject: str, attached: bool) -> bool:
    """Whether a message meets the condition of a rule."""
    quoted = match(r"« (.+?) »|\"(.+?)\"|(@\S+)", condition)
    word = next(part for part in quoted.groups() if part).casefold()
    if quoted[3]:
        return sender.endswith(word)
    if re.search(r"commence|begins", condition):
        return subject.startswith(word)
    return word in subject and (attached or not re.search(r" ET | AND ", condition))


def _folder(rules: list[str], message: Row, *, inbox: str) -> str:
    """The last folder to which the rules move a message."""
    _, _, sender, subject, attached = (str(value).casefold() for value in message.values())
    folder = inbox
    for rule in rules:
        condition, target = rule.split("->")
        if _met(condition, sender=sender, subject=subject, attached=attached in _YES):
            folder, *stop = target.split()
            if stop:
                break
    return folder


def _tri(case: Case) -> Answer:
    """Run the rules on each message that a gap asks for."""
    rules = re.findall(r"^\d\. (.+)$", case.text(), re.MULTILINE)
    messages = case.table("csv")
    asked = [int(place) for place in re.findall(r"Message (\d+)", case.interaction["text"])]
    inbox = match(r"(?:dans la|in the) (Boîte de réception|Inbox)", case.text())[1]
    return [_folder(rules, messages[place - 1], inbox=inbox) for place in asked]


def _resume(case: Case) -> Answer:
    """Hold amounts, days and who wants what in the summary against the messages."""
    body = " ".join(re.sub(r"(?m)^[> ]+", "", case.body()).split())
    opening = match(r"(\d+) (?:au|to) \d+ [Oo]cto", body)[1]
    quote = number(match(r"(?:devis|quote) ?: ([\d, ]+?) euros", body)[1])
    match(r"reste où il est|stays where it is", body)
    match(r"la veille de l'ouverture|on the day before the works start", body)
    false = []
    for place, line in re.findall(r"^(\d)\. (.+)$", case.text(), re.MULTILINE):
        amount = re.search(r"([\d, ]*\d) euros", line)
        if (
            (amount is not None and number(amount[1]) != quote)
            or re.search(r"demande de la commune|request of the municipality", line)
            or re.search(rf"(?:SMS|text message).* {opening} ", line)
        ):
            false.append(_with(case.texts(), rf" {place},"))
        elif set(re.findall(r"\d+", line)) - set(re.findall(r"\d+", body)):
            raise ProofFailed(f"a number of {line!r} comes from nowhere")
    return false


_ZONES: Final = ("Europe/Paris", "America/Cayenne", "America/Martinique", "Indian/Reunion")


def _free(row: Row, start: datetime) -> bool:
    """Whether a site is available, and closed to the public, for the hour that starts then."""
    _, _, opens, closes, public = row.values()
    shut, again = public.split("-")
    begins, ends = (f"{start + timedelta(hours=n):%H:%M}" for n in (0, 1))
    return bool(opens <= begins and ends <= closes and (ends <= shut or begins >= again))


def _visio(case: Case) -> Answer:
    """Try each quarter of an hour in Paris in every month, in each site's own time that day."""
    sites = list(zip(case.table("ods"), map(ZoneInfo, _ZONES), strict=True))
    for minutes in range(0, 24 * 60, 15):
        hour = time(*divmod(minutes, 60))
        starts = [datetime.combine(date(2026, n, 15), hour, sites[0][1]) for n in range(1, 13)]
        if all(_free(row, start.astimezone(zone)) for start in starts for row, zone in sites):
            return f"{hour:%H:%M}"
    raise ProofFailed("no hour suits all sites")


def _bilan(case: Case) -> Answer:
    """Apply the points of the rule in order to each row of the review."""
    rule = [[int(n) for n in re.findall(r"\b\d+\b", point)] for point in _points(case.text())]
    (least,), (strict, lax), (most, asked) = rule[:3]
    retire, mend, keep, reread = (
        _with(case.texts("categories"), word)
        for word in ("retirer|take away", "corriger|fix", "maintenir|keep", "relire|read")
    )
    answer: dict[str, Answer] = {}
    for subject, _, checked, right, requests, lost, grave in case.rows("xlsx")[1:]:
        if checked < least:
            answer[subject] = reread
        elif 100 * right < (strict if grave in _YES else lax) * checked:
            answer[subject] = retire
        else:
            answer[subject] = mend if requests >= asked and 100 * lost > most * requests else keep
    return answer


def _appels(case: Case) -> Answer:
    """Keep users' calls of opening hours but early hang-ups; count those answered in time."""
    sheet = case.text()
    floor = int(match(r"(?:moins de|less than) (\d+) second", sheet)[1])
    limit = int(match(r"(?:après|of) (\d+) secon\w+ (?:d'attente )?(?:au plus|at most)", sheet)[1])
    served = [
        outcome == "R" and int(wait) <= limit
        for hour, origin, wait, outcome in case.rows("csv")[1:]
        if origin == "U" and "09:00" <= hour < "17:00" and (outcome != "A" or int(wait) >= floor)
    ]
    return float(round(100 * sum(served) / len(served), 1))


def _boucle(case: Case) -> Answer:
    """Run each option on the log: it must stop the fund's automatic replies and nothing else."""
    lines = case.text(".log").splitlines()
    log = [line.split(" | ") for line in lines if line[:1].isdigit()]
    hits: dict[str, list[bool]] = {
        r"bulk": [row[4] == "bulk" for row in log],
        r"@caisse\.example": [row[1].endswith("@caisse.example") for row in log],
        r"Auto-Submitted": [row[3] != "-" for row in log],
        r"Return-Path": [row[2] == "<>" for row in log],
        r"crochets|brackets": [row[5].startswith("[") for row in log],
        r"même jour|same day": [row[1] in [old[1] for old in log[:i]] for i, row in enumerate(log)],
    }
    automatic = ["automati" in row[6] for row in log]
    return _with(case.texts(), only([option for option, hit in hits.items() if hit == automatic]))


def _seuil(case: Case) -> Answer:
    """Try the thresholds from the lowest; scale what stays below to the messages of a day."""
    note = case.text()
    low, high, step = (int(n) for n in re.findall(r"\d+", note.split("\n")[2])[:3])
    most = int(match(r"- (?:at most )?(\d+) ?%", note)[1])
    rows = case.rows("xlsx")[1:]
    daily = int(match(r"(\d+) messages", case.scenario)[1])
    for threshold in range(low, high + 1, step):
        sent = [row for row in rows if row[2] >= threshold]
        wrong = [row[4] in _YES for row in sent if row[1] != row[3]]
        if 100 * len(wrong) <= most * len(sent) and not any(wrong):
            return (len(rows) - len(sent)) * daily / len(rows)
    raise ProofFailed("no threshold will do")


def _told(pattern: str, answer: str, *, otherwise: float) -> float:
    """The number that an answer gives, or else that of the comparison."""
    found = re.search(pattern, answer)
    return number(found[1]) if found else otherwise


def _cost(row: list[Any], answer: str, *, licences: int, hours: int) -> float:
    """What a tool costs in a year, with the option or the packs of its answer."""
    licence = row[10] + _told(r"(\d+) euros (?:de plus|more)", answer, otherwise=0)
    captions = hours * _told(r"(\d+) euros (?:l'heure|an hour)", answer, otherwise=row[11])
    if pack := re.search(r"(\d+) (?:heures, à|hours, at) (\d+) euros", answer):
        captions = -(-hours // int(pack[1])) * int(pack[2])
    return float(row[9] + licences * licence + captions)


def _suits(row: list[Any], answer: str, *, needs: list[str]) -> bool:
    """Whether a tool meets all needs once its answer has changed its row."""
    people = [int(n) for n in re.findall(r"\d+", needs[0])]
    seats = sum(people) + people[0] * bool(re.search(r"deux connex|two connec", answer))
    money, licences, hours = (
        int(re.sub(r"\D", "", n)) for n in re.findall(r"\d+(?:[ ,]\d{3})*", needs[6])
    )
    pinned = re.search(r"chaque|each", row[4]) or re.search(r"épingler|pin a video", answer)
    barred = re.search(r"un compte|an account|une seule vidéo|one video", answer)
    return bool(
        _told(r"(\d+) conne\w+ (?:en|as an) option", answer, otherwise=row[1]) >= seats
        and re.search(r"SecNumCloud|public", row[2] + answer)
        and row[3] in {"en direct", "live"}
        and (pinned and not barred)
        and row[5] >= int(match(r"(\d+) ?%", needs[2])[1])
        and _told(r"([\d.,]+) Mbit", answer, otherwise=row[6])
        <= number(match(r"([\d.,]+) Mbit", needs[3])[1])
        and {row[7], row[8]} <= _YES
        and _cost(row, answer, licences=licences, hours=hours) <= money
    )


def _soutenances(case: Case) -> Answer:
    """Change each row of the comparison by the later answer, then check it against the needs."""
    needs = _points(case.pages())
    answers = dict(re.findall(r"(?ms)^([A-F])\. (.+?)(?=^[A-F]\. |\Z)", case.text()))
    good = [row[0] for row in case.rows("ods")[1:] if _suits(row, answers[row[0]], needs=needs)]
    return _with(case.texts(), rf" {only(good)}$")


def _reached(row: list[Any]) -> tuple[bool, ...]:
    """Whether a channel of the cyclone alert reaches each public, in the order of the note."""
    mobile, homes, sailors, schools = (value in _YES for value in row[1:5])
    deaf = mobile and bool(re.search(r"text|sign language|langue des signes", row[5]))
    visitors = mobile and bool(re.search(r"anglais|English", row[6]))
    return mobile, homes, deaf, visitors, sailors, schools


def _alert_holds(rows: tuple[list[Any], ...], *, delay: int, staff: int) -> bool:
    ways = [sum(who) for who in zip(*map(_reached, rows), strict=True)]
    offline = [
        any(who) for who in zip(*(_reached(row) for row in rows if row[8] in _YES), strict=True)
    ]
    return (
        max(row[7] for row in rows) <= delay
        and sum(row[9] for row in rows) <= staff
        and min(ways[2:5]) >= 2
        and sum(offline) == len(ways)
    )


def _alerte(case: Case) -> Answer:
    """Try every combination of three channels."""
    delay = int(match(r"(\d+) minutes", case.text())[1])
    staff = int(match(r"(\d+) op[ée]rat", case.text())[1])
    trios = combinations(case.rows("ods")[1:], 3)
    good = [trio for trio in trios if _alert_holds(trio, delay=delay, staff=staff)]
    return [row[0] for row in only(good)]


def _keeps(scheme: str, row: list[Any]) -> bool:
    """Whether a scheme leaves a subject to the assistant."""
    return row[0].casefold() in scheme.split(". ", 1)[0].casefold()


def _pilote(case: Case) -> Answer:
    """Take the scheme that keeps right subjects only, leaves writing open and fits staff time."""
    rule, rows = case.pages(), case.rows("ods")[1:]
    chosen, _, lax, strict = (int(n) / 100 for n in re.findall(r"(\d+) ?%", rule)[:4])
    staff = 2 * 60 * int(match(r"(\d+) (?:heures par|hours a) (?:semaine|week)", rule)[1])
    good = []
    for scheme in case.texts():
        writes, calls = (re.search(way, scheme) for way in ("écrit|writing", "rappel|calling"))
        share = chosen if writes and calls else float(bool(writes))
        kept = [row for row in rows if _keeps(scheme, row)]
        given = [row for row in rows if row not in kept]
        spent = sum(row[1] * row[5] / 10 for row in kept)
        spent += sum(row[1] * (share * row[5] + (1 - share) * row[6]) for row in given)
        safe = all(row[3] >= (strict if row[4] in _YES else lax) * row[2] for row in kept)
        if writes and safe and spent <= staff:
            good.append(scheme)
    return only(good)


def _effectif(case: Case) -> Answer:
    """Take the most that any slot or the whole day needs, breaks included, rounded up."""
    rules = case.text()
    call, video, mail, chat = (
        int(match(rf"(?:{name}) (\d+) minutes", rules)[1])
        for name in ("appel :|call:", "signes :|video:", "riel :|mail:", "donc|takes")
    )
    mails = int(match(r"(\d+) (?:courriels|e-mails) ", rules)[1])
    away = int(match(r"(\d+) (?:agents sont en pause|members of staff are on)", rules)[1])
    slot_share, day_share = (int(n) for n in re.findall(r"(\d+) ?%", rules))
    rows = case.rows("ods")[1:]
    live = [call * row[1] + chat * row[2] + video * row[3] for row in rows]
    breaks = [away if "12:00" <= row[0] < "14:00" else 0 for row in rows]
    slots = [off - (-100 * w // (30 * slot_share)) for w, off in zip(live, breaks, strict=True)]
    day = sum(breaks) - (-100 * (sum(live) + mail * mails) // (30 * day_share))
    return int(max(*slots, -(-day // len(breaks))))


PROOFS: Final[dict[str, Proof]] = {
    "2.1-1-ecrire-dans-la-reunion": _bulle,
    "2.1-2-absence-et-relais": _absence,
    "2.1-2-micro-reste-ouvert": _micro,
    "2.1-2-objet-du-message": _objet,
    "2.1-3-adresse-de-reponse": _reponse,
    "2.1-3-remonter-le-fil": _fil,
    "2.1-4-canal-selon-la-note": _outils,
    "2.1-4-rapport-de-non-remise": _annuaire,
    "2.1-5-conversations-sans-reponse": _attente,
    "2.1-5-regles-de-la-boite": _tri,
    "2.1-5-resume-de-fil-par-ia": _resume,
    "2.1-6-reunion-outre-mer": _visio,
    "2.1-6-sujets-confies-a-l-assistant": _bilan,
    "2.1-6-taux-de-reponse-telephonique": _appels,
    "2.1-7-boucle-d-accuses-de-reception": _boucle,
    "2.1-7-seuil-du-tri-automatique": _seuil,
    "2.1-7-visio-des-jurys": _soutenances,
    "2.1-8-alerte-cyclonique-par-canaux": _alerte,
    "2.1-8-assistant-conversationnel": _pilote,
    "2.1-8-dimensionner-l-accueil-multicanal": _effectif,
}
JUDGED: Final[dict[str, str]] = {}
