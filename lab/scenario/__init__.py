"""Scenarios: one routing case as one file, checked without a lab, and run on real servers.

    file -> Scenario (pure, validated) -> stage -> steps on a Lab -> observations -> verdicts -> Result

:func:`lab.scenario.format.read.load` reads files. :func:`lab.scenario.run.run.run` runs one scenario,
:mod:`lab.scenario.batch` many of them, :mod:`lab.scenario.collect` those that pytest finds. The format,
docs/scenario.schema.json, is made from :mod:`lab.scenario.format.keys`.
"""
