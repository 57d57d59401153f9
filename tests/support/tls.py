"""Servers over TLS, and certificates of every sort for them. Needs the `openssl` command."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.bytes_server import BytesServer

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from support.bytes_server import Script


class TlsServer(BytesServer):
    """A `BytesServer` over TLS."""

    def __init__(self, script: Script, certificate: Path) -> None:
        super().__init__(script)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    @property
    def url(self) -> str:
        """`https://127.0.0.1:PORT`."""
        return f"https://127.0.0.1:{self.port}"

    def _serve(self, connection: socket.socket) -> None:
        try:
            secured = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        super()._serve(secured)


def certificate(
    folder: Path, *, name: str = "IP:127.0.0.1", valid: tuple[str, str] | None = None
) -> Path:
    """A self-signed certificate and its key, in one new file.

    Args:
        folder: takes the file.
        name: what it is for, `IP:…` or `DNS:…`.
        valid: from and until, `YYMMDDHHMMSSZ`; None: from now on for two days.
    """
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl command")
    path, key, asked = folder / "cert.pem", folder / "key.pem", folder / "request.pem"
    _openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-new"),
        *("-subj", f"/CN=seedance test {name}", "-keyout", str(key), "-out", str(asked)),
    )
    (folder / "index.txt").write_text("")
    config = folder / "ca.cnf"
    config.write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index.txt\nnew_certs_dir={folder}\n"
        f"rand_serial=yes\ndefault_md=sha256\npolicy=any\nx509_extensions=ext\nunique_subject=no\n"
        f"[any]\ncommonName=supplied\n[ext]\nsubjectAltName={name}\nbasicConstraints=CA:true\n"
    )
    dates = ("-days", "2") if valid is None else ("-startdate", valid[0], "-enddate", valid[1])
    _openssl(
        *("ca", "-batch", "-notext", "-selfsign", "-config", str(config), *dates),
        *("-keyfile", str(key), "-in", str(asked), "-out", str(path)),
    )
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


def trusting_folder(folder: Path, trusted: Path) -> Path:
    """A folder with the certificate in it, named as OpenSSL looks for it (`SSL_CERT_DIR`)."""
    folder.mkdir()
    number = _openssl("x509", "-hash", "-noout", "-in", str(trusted)).strip()
    (folder / f"{number}.0").write_bytes(trusted.read_bytes())
    return folder


def _openssl(*words: str) -> str:
    done = subprocess.run(["openssl", *words], check=True, capture_output=True, text=True)
    return done.stdout
