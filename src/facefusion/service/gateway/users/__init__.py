"""People who sign in with a name and a password."""

from facefusion.service.gateway.users.name import folded
from facefusion.service.gateway.users.password import Passwords, check_password, made_password
from facefusion.service.gateway.users.store import Account, User, UserStore

__all__ = ["Account", "Passwords", "User", "UserStore", "check_password", "folded", "made_password"]
