"""Makes the secrets of deploy/compose, each in a file: `python3 prepare.py [--host faces.example.com] [--to FOLDER]`.

What is there stays as it is. The folder is for its owner alone; files in it may be read by the users of the
containers, which see none but their own. Where there is no certificate, one is made that nobody else trusts: put your
own in its place as tls_certificate.pem (the chain) and tls_key.pem. Needs Python 3.11 and openssl.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

NAMES = ("postgresql_password", "rabbitmq_password", "grafana_password", "s3_key", "s3_secret")
DAYS = 825


def main(arguments: list[str]) -> str | None:
    """Make what is missing; return what went wrong, if anything did."""
    parser = argparse.ArgumentParser("prepare.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--host", default="localhost", help="name in the certificate [localhost]")
    parser.add_argument("--to", type=Path, default=Path(__file__).resolve().parent / "secrets")
    given = parser.parse_args(arguments)
    given.to.mkdir(mode=0o700, parents=True, exist_ok=True)
    values = {name: kept(given.to / name) for name in NAMES}
    for name, content in derived(values).items():
        put(given.to / name, content)
    return certificate(given.to, given.host)


def derived(values: Mapping[str, str]) -> dict[str, str]:
    """Return what servers read of these secrets, in their own notations."""
    credentials = [{"accessKey": values["s3_key"], "secretKey": values["s3_secret"]}]
    return {
        "rabbitmq.conf": f"default_pass = {values['rabbitmq_password']}\n",
        "s3_credentials": "[default]\n"
        f"aws_access_key_id = {values['s3_key']}\naws_secret_access_key = {values['s3_secret']}\n",
        "seaweedfs_s3.json": json.dumps(
            {"identities": [{"name": "facefusion", "credentials": credentials, "actions": ["Admin"]}]}, indent=1
        ),
    }


def kept(path: Path) -> str:
    """Return a secret, made where it is missing."""
    if not path.exists():
        put(path, secrets.token_hex(24))
    return path.read_text().strip()


def put(path: Path, content: str) -> None:
    """Write a file that users of containers may read."""
    if not path.exists():
        path.write_text(content)
        path.chmod(0o444)


def certificate(folder: Path, host: str) -> str | None:
    """Make a certificate for a host where there is none."""
    chain, key = folder / "tls_certificate.pem", folder / "tls_key.pem"
    if chain.exists() and key.exists():
        return None
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", str(DAYS), "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1"]
    try:
        done = subprocess.run([*command, "-keyout", key, "-out", chain], check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return "There is no openssl here: put tls_certificate.pem and tls_key.pem there yourself"
    if done.returncode:
        return f"openssl failed: {done.stderr.strip()}"
    for path in (chain, key):
        path.chmod(0o444)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
