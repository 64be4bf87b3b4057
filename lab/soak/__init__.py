"""Many messages under random faults, and an account of what became of each recipient: nobody may be lost.

campaign    what is done: messages and faults, chosen by a seed. Pure
account     what became of each recipient, and by what evidence. Pure
run         does it in a running lab, and leaves that as it was
"""

from lab.soak.account import Account
from lab.soak.campaign import campaign
from lab.soak.run import soak

__all__ = ["Account", "campaign", "soak"]
