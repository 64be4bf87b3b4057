"""Events to routes: what the servers of a lab said becomes each message's way. Pure: values in, values out.

:mod:`lab.route.events` are what logs say, :mod:`lab.route.history` is the index of them, :mod:`lab.route.walk`
follows a message through it, :mod:`lab.route.model` is the route that comes out, :mod:`lab.route.departures` lays a
plan beside it.
"""
