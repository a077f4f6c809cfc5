"""Keys of 4.2, personal data and privacy, found again from the files."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_SVG: Final = "{http://www.w3.org/2000/svg}text"
_MONTHS: Final = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "January February March April May June July August September October November December",
)


def _cells(case: Case, suffix: str = "") -> list[list[Any]]:
    """The rows of a table below its header."""
    return case.rows(suffix)[1:]


def _day(text: str) -> date:
    """A day written 31/12/2027, 2027-12-31, 1er décembre 2027 or 1 December 2027."""
    if re.fullmatch(r"\d+-\d+-\d+", text):
        return date.fromisoformat(text)
    if re.fullmatch(r"\d+/\d+/\d+", text):
        return date(*map(int, reversed(text.split("/"))))
    day, month, year = match(r"(\d+)(?:er)? (\S+) (\d{4})", text).groups()
    names = only(months.split() for months in _MONTHS if month in months.split())
    return date(int(year), names.index(month) + 1, int(day))


def _named(parts: Sequence[str], pattern: str) -> str:
    """The one part of a list that has these words."""
    return only(part for part in parts if re.search(pattern, part))


def _bandeau(case: Case) -> Answer:
    """Find the text of the banner that goes on without accepting."""
    drawn = [text.text or "" for text in case.drawing().iter(_SVG)]
    refusal = _named(drawn, "sans accepter|without accepting")
    return {only(region for region in case.texts("regions") if refusal in region)}


def _photo(case: Case) -> Answer:
    """Of the pupils named in the situation, the one without permission for the website."""
    rows = _cells(case)
    shown = [row for row in rows if re.search(rf"\b{row[0]}\b", case.scenario)]
    return only(str(row[0]) for row in shown if row[3] in {"non", "no"})


def _candidatures(case: Case) -> Answer:
    """Add the sizes of what was rejected and last touched before the day of the rule."""
    limit = _day(match(r"\d+(?:er)? \S+ \d{4}", case.scenario)[0])
    return sum(
        number(size)
        for _, _, contact, outcome, size in _cells(case)
        if outcome in {"Non retenue", "Rejected"} and _day(contact) < limit
    )


def _mention(case: Case) -> Answer:
    """Read in the notice the days, the use of the telephone, the association and the address."""
    notice = case.pages()
    days = int(match(r"(?:plus tard|latest) (\d+) (?:jours|days)", notice)[1])
    phone = match(r"(?:uniquement|only) (?:à|to) (.+?)\.", notice)[1]
    given = match(r"(?:ateliers,|workshops,) (?:reçoit|receives) (.+?)\.", notice)[1]
    address = match(r"(?:corriger|correct) .+?\b(\S+@[\w.-]+\w)", notice)[1]
    blanks = case.interaction["blanks"]
    purposes, received = ([one["text"] for one in blank["options"]] for blank in blanks[1:3])
    return [days, _closest(phone, purposes), _closest(given, received), address]


def _closest(passage: str, options: Sequence[str]) -> str:
    """The one option that has a long word of a passage, whatever its ending."""
    stems = {word[:6] for word in re.findall(r"\w{7,}", passage)}
    return only(option for option in options if any(stem in option for stem in stems))


_ON_AT_FIRST: Final = r"^Rappel|^Effacement|^Fiche masquée|^Reminder|^Erasing|^Profile hidden"
"""Settings that the charter wants on, as they serve borrowing or hide; the others show or send."""


def _reglages(case: Case) -> Answer:
    """Pair each setting with the state on its line; what is not as the charter wants is wrong."""
    match(r"ne voient rien.*utiles au prêt|see nothing.*needed for borrowing", case.scenario)
    lines: dict[str, list[str]] = defaultdict(list)
    for text in case.drawing().iter(_SVG):
        lines[str(text.get("y"))].append(text.text or "")
    states = dict(line for line in lines.values() if len(line) == 2)
    return {
        region
        for region in case.texts("regions")
        if bool(re.search(_ON_AT_FIRST, region)) != (states[region] in {"Activé", "On"})
    }


_TO_REMOVE: Final = {
    r"santé|health": r"chimiothérapie|chemotherapy",
    r"croyances|beliefs": r"prière|prayers",
    r"vie de couple|couple's life": r"Conjoint|Partner",
    r"juge la personne|judges the person": r"sans doute pour|probably to",
}
"""What the rule has removed, and the words of the comments that tell it."""


def _commentaires(case: Case) -> Answer:
    """The lines offered whose comment says something that the rule has removed."""
    applied = [words for rule, words in _TO_REMOVE.items() if re.search(rule, case.scenario)]
    marked = {str(row[0]) for row in _cells(case) if re.search("|".join(applied), row[3])}
    return {option for option in case.texts() if option.split()[1] in marked}


def _dernier_jour(case: Case) -> Answer:
    """Take the arrival at the published address, add a month, go on to a working day."""
    match("même numéro|same number", case.pages())
    received = _day(match(r"(?:Reçu le :|Received on:) (\d+(?:er)? \S+ \d{4})", case.body())[1])
    end = (received.replace(day=1) + timedelta(days=31)).replace(day=received.day)
    while end.weekday() > 4:
        end += timedelta(days=1)
    return end.strftime("%d/%m/%Y")


def _ou_part_la_reponse(case: Case) -> Answer:
    """Read the domain of Reply-To, to which a mail program writes back."""
    return str(case.message()["Reply-To"].addresses[0].domain)


def _consultations(case: Case) -> Answer:
    """Count the openings by people not posted, that day, to the department of the patient."""
    record = match(r"D-\d+", case.stem)[0]
    stays = re.findall(
        r"(\w+)(?: office)? \((?:du )?(\d+)(?: (?:et|and|au|to) (\d+))? (?:mars|March)\)",
        case.scenario,
    )
    posts = case.rows(".csv", place=1)[1:]
    where = {
        day: name.lower()
        for name, first, last in stays
        for day in range(int(first), int(last or first) + 1)
    }

    def posted(agent: str, when: date) -> bool:
        return any(
            where[when.day] in post.lower()
            for name, post, start, end in posts
            if name == agent and _day(start) <= when <= _day(end)
        )

    return sum(
        not posted(agent, _day(when))
        for when, _, agent, opened in _cells(case, "consultations.csv")
        if opened == record
    )


_STEPS: Final = {
    "^Remettre|^Hand": ("Remise|Handing over", "^$"),
    "^Signer|^Sign": ("^$", "convention signée|signed agreement"),
    "^Contrôler|^Check": ("Contrôle|Check", "contrôle du|check of"),
    "^Choisir|^Choose": ("Colonnes|Columns", "colonnes retenues|columns selected"),
    "^Remplacer|^Replace": ("Codage|Coding", "dans le fichier codé|In the coded file"),
    "^Détruire|^Destroy": ("Destruction", "la destruction|destroyed"),
    "^Extraire|^Extract": ("Extraction", "sur l'extrait|on the extract"),
}
"""How each step is worded, headed in the note, and named by a paragraph that waits for it."""


def _extrait(case: Case) -> Answer:
    """Find what each step's paragraph waits for; go back so from the step that none waits for."""
    before: dict[str, str] = {}
    for step, (heading, _) in _STEPS.items():
        paragraph = re.search(rf"(?:{heading})\. ([^.]+)\.", case.pages())
        for other, (_, named) in _STEPS.items():
            if paragraph and re.search(named, paragraph[1]):
                before[step] = other
    order = [only(_STEPS.keys() - before.values())]
    while order[0] in before:
        order.insert(0, before[order[0]])
    return [_named(case.texts("entries"), step) for step in order]


def _soixante_douze_heures(case: Case) -> Answer:
    """Add 72 hours and the hour of Paris to the event at which names are seen in the file."""
    hours = timedelta(hours=int(match(r"(\d+) (?:heures|hours)", case.scenario)[1]) + 1)
    certain = r"(?m)^(\S+)Z (\w+) .*(?:nominatifs|naming)"
    when, event = match(certain, case.text(".log")).groups()
    end = datetime.fromisoformat(when) + hours
    return [event, end.day, end.strftime("%H:%M")]


_CRITERIA: Final = {
    1: r"^Score|^Priority score",
    3: r"chaque minute|Caméras|every minute|Cameras",
    4: r"Vaccins|Soins|Vaccinations|Home care",
    6: r"échange .* avec|Rapprochement|exchange with|Matching",
    7: r"enfants|dépendantes|sans abri|salariées|children|dependent|homeless|employed",
    8: r"logiciel .* images|software .* images",
}
"""The words of the descriptions that meet each criterion of the note."""


def _analyses_d_impact(case: Case) -> Answer:
    """Find the criteria of each project, then compare with those its assessment recorded."""
    large = int(re.sub(r"\D", "", match(r"(?:plus de|more than) (\d[\d\s,]*\d)", case.pages())[1]))
    categories = case.texts("categories")
    planned = {}
    for project, description, people, assessed in _cells(case, ".ods"):
        met = {n for n, words in _CRITERIA.items() if re.search(words, description)}
        met |= {5} if people > large else set()
        recorded = set(map(int, re.findall(r"\d+", assessed.partition("(")[2])))
        if "(" in assessed:
            kind = "existante|Existing" if met - recorded else "Rien|Nothing"
        else:
            kind = "^Analyse à|carried out" if len(met) >= 2 else "Rien|Nothing"
        planned[project] = _named(categories, kind)
    return planned


def _masquer(case: Case) -> Answer:
    """Mask the smallest cells of each line until the three rules hold; add up what they hide."""
    threshold = int(match(r"(?:inférieure à|below) (\d+)", case.scenario)[1])
    least = int(match(r"(?:au moins|at least) (\d+)", case.scenario)[1])
    hidden = 0
    for row in _cells(case):
        counts = sorted(int(number(cell)) for cell in row[1:-1])
        masked = sum(count < threshold for count in counts)
        while masked > 0 and (masked < 2 or sum(counts[:masked]) < least):
            masked += 1
        hidden += sum(counts[:masked])
    return hidden


def _groupes(case: Case) -> Answer:
    """Group the lines, with and without the sex, and count those whose group has one reason."""
    rows = _cells(case)
    answer: list[Answer] = []
    for columns in ((1, 2, 3), (1, 2)):
        groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for row in rows:
            groups[tuple(row[column] for column in columns)].append(row[4])
        answer.append(min(map(len, groups.values())))
        answer.append(sum(len(group) for group in groups.values() if len(set(group)) == 1))
    return answer


def _resumes(case: Case) -> Answer:
    """Check certificates on the opening day, uses and grounds, and the minutes of a rapporteur."""
    opening = _day(match(r"\d+(?:er)? \w+ 20\d\d", case.scenario)[0])
    reports, staff, hours = map(int, re.findall(r"\b(\d+) (?:r|heures|hours)", case.scenario))
    reading, by_hand = map(int, re.findall(r"(\d+) minutes", case.pages()))
    match("une sur dix le fera|one in ten will", case.pages())
    held: dict[str, set[str]] = defaultdict(set)
    for host, activity, start, end in _cells(case, ".csv"):
        held[host] |= {activity} if _day(start) <= opening <= _day(end) else set()

    def meets(row: Sequence[Any]) -> bool:
        _, texts, copies, fixes, families, read, check = row
        each = reports // staff
        spent = each * reading + each // 10 * by_hand + (each - each // 10) * check
        return (
            bool(held[texts.split()[0]] & {"hébergement", "hosting"})
            and bool(held[copies.split()[0]] & {"sauvegarde", "backup"})
            and not re.search("modèle|model", fixes)
            and not re.search("signé|signed", families)
            and bool(re.search("entier|whole", read))
            and spent <= hours * 60
        )

    return _named(case.texts(), rf" {only(row[0] for row in _cells(case, '.ods') if meets(row))}$")


_ADMITTED: Final = {"France", "Irlande", "Suisse", "Japon", "Ireland", "Switzerland", "Japan"}
"""Countries of the table that the note admits: in the European Economic Area, or named."""


def _sous_traitants(case: Case) -> Answer:
    """Refuse by the rules on countries and qualification, then up the chain of the same data."""
    match(r"économique européen, Suisse, Japon|Area, Switzerland, Japan", case.pages())
    on = _day(match(r"\d+(?:er)? \w+ 2026", case.scenario)[0])
    rows = {row[0]: row for row in _cells(case, ".xlsx")}
    refused = {name for name, row in rows.items() if _breaks(row, on=on)}
    same = [n for n, row in rows.items() if row[9] in rows and rows[row[9]][2] == row[2]]
    while more := {name for name in same if rows[name][9] in refused} - refused:
        refused |= more
    return {f"{name}," for name in refused}


def _breaks(row: Sequence[str], *, on: date) -> bool:
    """Whether a processor itself breaks the rules on countries or on qualification."""
    _, _, data, readable, hosting, teams, clauses, measures, end, _ = row
    if readable not in {"oui", "yes"} or re.search("techni", data.lower()):
        return False
    places = {hosting, *re.sub(r" \(.*?\)", "", teams).split(", ")}
    covered = clauses in {"signées", "signed"} and measures in {"oui", "yes"}
    if places - _ADMITTED and not covered:
        return True
    return bool(re.search("séjour|[Rr]esidence", data)) and (end == "-" or _day(end) < on)


_ALL: Final = {"Tous", "All"}
_FREE: Final = r"^refus|telle quelle|as it was|^calcul"


def _budget(case: Case) -> Answer:
    """Add up what each kind of inhabitant has been exposed to; the most exposed leaves least."""
    match("Le compte se tient par personne|account is kept per person", case.text())
    cap = number(match(r"(\d[.,]\d\d) (?:par an|per year)", case.scenario)[1])
    rows = [row for row in _cells(case, ".csv") if not re.search(_FREE, row[5])]
    districts = {row[1] for row in rows} - _ALL
    ages = {row[2] for row in rows} - _ALL
    spent = max(
        sum(
            number(epsilon)
            for _, place, years, _, epsilon, _ in rows
            if place in {district, *_ALL} and years in {age, *_ALL}
        )
        for district, age in product(districts, ages)
    )
    return round(cap - spent, 2)


_UNION: Final = {"français", "italien", "belge", "French", "Italian", "Belgian"}
"""Groups of the table whose head office is in a State of the Union."""


def _modele(case: Case) -> Answer:
    """Keep the models that some interval and, if need be, the filter suit; the fewest fields."""
    note = case.pages()
    shares = (int(one) for one in re.findall(r"(\d+) ?%", note))
    gaps = (int(one) for one in re.findall(r"(\d+) points", note))
    (useful, recalled, busy), (advantage, filtered) = shares, gaps
    wait = int(match(r"(\d+) (?:jours|days)", note)[1])

    def meets(row: Sequence[Any]) -> bool:
        good, tests, found, hidden, learnt, unseen, runs, excerpts, host = row[1:10]
        return (
            100 * good >= (useful + filtered * (excerpts > 0)) * tests
            and 100 * found <= recalled * hidden
            and round(learnt - unseen, 6) <= advantage
            and any(100 * runs <= busy * gap for gap in range(1, wait - runs + 1))
            and any(word in host for word in _UNION)
        )

    kept = sorted((row[10], row[0]) for row in _cells(case, ".xlsx") if meets(row))
    return str(only(kept[:1] if kept[0][0] < kept[1][0] else kept)[1])


_LIMITS: Final = (
    (1, r"connue des seules sources|known only to the sources"),
    (1, r"propre à l'étude|specific to the study"),
    (2, r"^codes et numéros de ligne, |^codes and line numbers, "),
    (3, r"^le tiers|^the third party"),
    (5, r"^noms et numéros|^names and line numbers"),
)
"""Where an arrangement shows that it meets a requirement, and the words that show it."""


def _rapprocher(case: Case) -> Answer:
    """The arrangement that no requirement rules out, each of the others failing at least one."""
    match(r"(?s)tous les noms.*autre étude|all\s+possible names.*another study", case.text())
    rows = _cells(case, ".ods")
    failed = {
        row[0]: [place for place, words in _LIMITS if not re.search(words, row[place])]
        for row in rows
    }
    return _named(case.texts(), rf" {only(name for name, why in failed.items() if not why)}$")


PROOFS: Final[dict[str, Proof]] = {
    "4.2-1-bandeau-de-cookies": _bandeau,
    "4.2-2-photo-sur-le-site": _photo,
    "4.2-3-candidatures-a-effacer": _candidatures,
    "4.2-3-lire-une-mention-d-information": _mention,
    "4.2-3-reglages-d-un-nouveau-compte": _reglages,
    "4.2-4-commentaires-libres": _commentaires,
    "4.2-4-dernier-jour-pour-repondre": _dernier_jour,
    "4.2-4-ou-part-la-reponse": _ou_part_la_reponse,
    "4.2-5-consultations-a-justifier": _consultations,
    "4.2-5-extrait-pour-la-recherche": _extrait,
    "4.2-5-soixante-douze-heures": _soixante_douze_heures,
    "4.2-6-faut-il-une-analyse-d-impact": _analyses_d_impact,
    "4.2-6-masquer-avant-publication": _masquer,
    "4.2-7-groupes-sans-diversite": _groupes,
    "4.2-7-resumes-par-ia": _resumes,
    "4.2-7-sous-traitants-en-chaine": _sous_traitants,
    "4.2-8-budget-de-confidentialite": _budget,
    "4.2-8-modele-appris-sur-des-dossiers": _modele,
    "4.2-8-rapprocher-sans-identifier": _rapprocher,
}
JUDGED: Final[dict[str, str]] = {}
