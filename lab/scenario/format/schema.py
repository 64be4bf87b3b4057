"""The JSON Schema of scenario files (draft 2020-12), for editors: made from the tables that check them.

``python -m lab.scenario.format.schema > docs/scenario.schema.json`` writes it.
"""

from __future__ import annotations

import json

from lab.scenario.format.keys import SCENARIO


def schema() -> str:
    """Return it as text, as it stands in docs/."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "scenario.schema.json",
        "title": "A scenario of the mail-routing lab: one routing case",
        **SCENARIO.schema(),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
