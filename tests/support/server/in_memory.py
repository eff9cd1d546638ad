"""in_memory.py PASSWORD USER PASSWORD ARGUMENT...: pymap in memory, where everybody is a user, with the first password; USER has one of his
own. The other arguments are pymap's."""

import sys

from pymap.backend import dict as backend
from pymap.backend.dict.mailbox import MailboxData
from pymap.main import main
from pymap.user import UserMetadata
from pysasl.hashing import BuiltinHash

common, single, own = sys.argv[1:4]
# As many rounds as usual would take longer than all that a test does.
weak = BuiltinHash(rounds=1)


class Everybody(dict):
    def __init__(self, config):
        super().__init__()
        self.config = config

    def get(self, name, default=None):
        return UserMetadata(self.config, name, password=weak.hash(own if name == single else common))


class Login(backend.Login):
    def __init__(self, config):
        super().__init__(config)
        self.users_dict = Everybody(config)


class FromOne(MailboxData):
    """Numbers its messages from 1 on, as others do; else from 101."""

    def __init__(self, *caches):
        super().__init__(*caches)
        self._max_uid = 0


async def nobody_else(*_):
    pass


backend.Login = Login
backend.mailbox.MailboxData = FromOne
backend.DictBackend._add_demo_user = nobody_else
sys.argv[1:4] = []
main()
