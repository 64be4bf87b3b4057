"""The plan: the route predicted from the zones and the senders' settings alone, without sending.

:mod:`lab.plan.postfix.explain` predicts one host's part, by Postfix's rules; :mod:`lab.plan.postfix.path` the whole
way; :mod:`lab.plan.text` shows it. Pure: values in, values out; :mod:`lab.plan.planner` alone asks a lab for its zones
and settings. What a plan is, and where a route departs from it, is in :mod:`lab.route`.
"""
