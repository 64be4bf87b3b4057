"""The plan: the route predicted from the zones and the senders' settings alone, without sending.

``explain`` predicts one host's part, ``explain_path`` the whole way, ``compare`` says where a route departs
from it, ``departures`` from those that held one after the other, ``rows`` and ``text`` show it. Pure: values in, values
out.
"""

from lab.plan.answers import Zones
from lab.plan.attempts import Kind
from lab.plan.branches import Store
from lab.plan.compare import Departure, compare
from lab.plan.explain import Basis, explain
from lab.plan.model import Branch, Consequence, Exclusion, Group, Plan, Question, Site, Target, Unplanned
from lab.plan.path import explain_path
from lab.plan.stretches import departures, stretches
from lab.plan.text import Row, rows, text

__all__ = [
    "Basis",
    "Branch",
    "Consequence",
    "Departure",
    "Exclusion",
    "Group",
    "Kind",
    "Plan",
    "Question",
    "Row",
    "Site",
    "Store",
    "Target",
    "Unplanned",
    "Zones",
    "compare",
    "departures",
    "explain",
    "explain_path",
    "rows",
    "stretches",
    "text",
]
