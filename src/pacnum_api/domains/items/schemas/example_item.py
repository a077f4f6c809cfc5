"""One whole item as the API shows it to those who keep items.

It is in no bank: the OpenAPI document is public, and this tells the key.
"""

from typing import Final

from pacnum_api.kernel.errors import JsonValue

EXAMPLE_ITEM: Final[dict[str, JsonValue]] = {
    "key": "2.5-2-invitation-usagers",
    "level": 2,
    "type": "single_choice",
    "status": "active",
    "tryout": False,
    "themes": ["courriel", "vie-privee"],
    "setting": "town-hall",
    "justification": {
        "task": "One simple message to many people who do not know each other.",
        "autonomy": "Done alone in a familiar tool, the aim being stated.",
        "cognitive": "Remember what each field of addresses shows, and to whom.",
    },
    "outcomes": ["LO2.5.05"],
    "expected_seconds": 45,
    "facts": [
        {
            "statement": "An e-mail address that names a person is personal data.",
            "source": "Regulation (EU) 2016/679, article 4(1)",
            "as_of": "2026-01-15",
            "review_by": "2028-01-15",
        }
    ],
    "enemies": [],
    "template": None,
    "feedback": {
        "correct": {
            "fr": "En copie cachée, aucun destinataire ne voit l'adresse des autres.",
            "en": "In blind copy, no recipient sees the address of another.",
        },
        "incorrect": {
            "fr": "Tout ce qui est en «À» ou en copie se voit : seule la copie cachée protège.",
            "en": "All that is in “To” or in copy can be seen: only the blind copy protects.",
        },
    },
    "content": {
        "scenario": {
            "fr": "À la mairie, vous invitez quarante habitants à une réunion de quartier.",
            "en": "At the town hall, you invite forty inhabitants to a local meeting.",
        },
        "stem": {
            "fr": "Où mettez-vous leurs adresses ?",
            "en": "Where do you put their addresses?",
        },
        "files": [
            {
                "kind": "text",
                "name": {"fr": "invitation.txt", "en": "invitation-en.txt"},
                "alt": {"fr": "Le texte de l'invitation", "en": "The text of the invitation"},
                "text": {
                    "fr": "Réunion de quartier, mardi à 18 h 30, salle des fêtes.",
                    "en": "Local meeting, Tuesday at 6.30 pm, village hall.",
                },
            }
        ],
        "interaction": {
            "options": [
                {
                    "id": "cci",
                    "text": {"fr": "En copie cachée (Cci)", "en": "In blind copy (Bcc)"},
                    "why": None,
                },
                {
                    "id": "cc",
                    "text": {"fr": "En copie (Cc)", "en": "In copy (Cc)"},
                    "why": {
                        "fr": "La copie se voit autant que les destinataires.",
                        "en": "The copy can be seen just like the recipients.",
                    },
                },
                {
                    "id": "to",
                    "text": {"fr": "Dans le champ «À»", "en": "In the “To” field"},
                    "why": {
                        "fr": "Chacun lirait les quarante adresses.",
                        "en": "Everybody would read all forty addresses.",
                    },
                },
            ],
            "shuffle": True,
        },
    },
    "answer": {"choice": "cci"},
}
