"""API keys: made once, shown once, kept as digests."""

from facefusion.service.gateway.keys.form import KeyText, make_key, read_key
from facefusion.service.gateway.keys.store import ApiKey, KeyFound, KeyStore

__all__ = ["ApiKey", "KeyFound", "KeyStore", "KeyText", "make_key", "read_key"]
