"""The scripted SMTP host: an SMTP server (RFC 5321) that does at every stage of a session what a script says.

It answers at every address of a range. An address behaves like a good MTA until a script is put there.

    api ----> leases   who owns which address, and so whose script may stand there
     |------> scripts  one script for an address; what the kernel does of it goes through firewall
     |------> policies the answers of the policy delegation service, for replies of real Postfix hosts
     `------> store    what came in: sessions with their dialogue, and messages

    server --> session --> wire      one connection: state machine above, bytes below
"""
