"""A Docker engine with Compose and the base image, on any machine that can have them.

    connection.ensure(report)     the engine: found, else installed and started where we may
    protocol.Engine               what the lab asks of it; sdk.Docker does that
    image.base_image(...)         the image that the lab's own are made from: pulled, else made here
    explain.explain(error)        what Docker or Compose said, as a MachineError with the next step

*report* is called with one sentence for each step that changes the machine. What cannot be is a MachineError;
StoppedError (no engine answers) and UnreachableError (no registry does) are the two that something
follows from.
"""
