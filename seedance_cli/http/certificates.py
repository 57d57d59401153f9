"""Whose certificates are trusted, and what it means when one is not."""

from __future__ import annotations

import os
import ssl
from functools import cache
from pathlib import Path

from seedance_cli.errors import ConfigError
from seedance_cli.system import misquoted

_EXPIRED, _NOT_YET, _REVOKED = 10, 9, 23
_OTHER_NAME = frozenset({62, 63, 64})
"""Host name, mail address, IP address."""
_UNTRUSTED = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's codes for a chain that ends at nobody who is trusted (`x509_vfy.h`)."""


def context() -> ssl.SSLContext:
    """The certificates that are trusted: those of the environment's variables, else certifi's.

    Raises:
        ConfigError: a variable that cannot be used.
    """
    return _context(
        os.environ.get("SSL_CERT_FILE"),
        os.environ.get("SSL_CERT_DIR"),
        os.environ.get("SSLKEYLOGFILE"),
    )


@cache
def nobody() -> ssl.SSLContext:
    """Trusts nobody, so that a mistake fails closed: for where there is no TLS.

    Reading the certificates costs 15-20 ms, and making this one 3 ms.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _context(file: str | None, folders: str | None, key_log: str | None) -> ssl.SSLContext:
    named = {"SSL_CERT_FILE": file, "SSL_CERT_DIR": folders, "SSLKEYLOGFILE": key_log}
    for name, value in named.items():
        fault = misquoted(value or "")
        if fault is not None:
            raise ConfigError(f"{name} {fault}", hint="set it to the path alone, or unset it")
    if key_log:
        # `ssl` opens it itself with each context: here to know whose fault a failure is.
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = key_log
        except OSError as error:
            raise ConfigError(
                f"SSLKEYLOGFILE cannot be written: {error.strerror}", hint="mend or unset it"
            ) from error
    if file:
        return _loaded("SSL_CERT_FILE", file, _folders(folders))
    if folders:
        if _folders(folders) is None:
            raise ConfigError("SSL_CERT_DIR names no folder that is there", hint="mend or unset it")
        return _loaded("SSL_CERT_DIR", None, folders)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _folders(text: str | None) -> str | None:
    """The variable's value, if any of the folders in it is there; OpenSSL takes a list."""
    there = any(Path(one).is_dir() for one in (text or "").split(os.pathsep) if one)
    return text if there else None


def _loaded(name: str, file: str | None, folders: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file, capath=folders)
    except OSError as error:  # ssl.SSLError is one
        reason = "no certificates in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(f"{name} cannot be used: {reason}", hint="mend or unset it") from error


def advice(error: ssl.SSLCertVerificationError) -> str | None:
    """What a person can do about a certificate that was refused; None where nobody can say."""
    code = error.verify_code
    if code == _EXPIRED:
        return "its owner has to renew it; if others reach the service, look at this machine's date"
    if code == _NOT_YET:
        return "look at this machine's date"
    if code == _REVOKED:
        return "its owner has declared it invalid: do not trust who answers there"
    if code in _OTHER_NAME:
        return "another server answers there: look at the URL; a network may want a login first"
    if code not in _UNTRUSTED:
        return None
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if os.environ.get(name):
            return f"{name} is set, and who signed it is not among its certificates"
    return "behind a company proxy, SSL_CERT_FILE names the certificates to trust"
