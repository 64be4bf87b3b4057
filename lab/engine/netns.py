"""Runs a command in a network namespace that is not ours: a host's, or that of the machine on which the engine runs.

In a short container with one capability, since the hosts' own processes have none and no exec can get any.

In: the namespace, a command, an image that has it. Out: what it prints. Errors: RefusedError, with what the command or
the engine said.
"""

from __future__ import annotations

from lab.engine.hosts import LABEL
from lab.engine.protocol import Confinement, Engine, RefusedError, Specification


def run(engine: Engine, lab: str, image: str, network: str, *command: str, capability: str = "NET_ADMIN") -> str:
    """Run *command* in *network* for the lab called *lab*, and return what it prints.

    *network*: :data:`lab.engine.protocol.MACHINE`, or :func:`lab.engine.protocol.beside` a container.
    """
    confinement = Confinement(capabilities=(capability,))
    ran = engine.run(Specification(image, command, {LABEL: lab}, network, confinement=confinement))
    if ran.exit_code != 0:
        raise RefusedError(ran.said)
    return ran.output
