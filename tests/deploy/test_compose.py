"""The server that deploy/compose makes: what is closed, what it needs, and that its commands are the program's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.servers import S3
from composed import COMPOSE, FILES, VARIABLES, UnsetError, composed

from facefusion.cli.flags import option_values
from facefusion.cli.parser import parse
from facefusion.options import Options, ServingOptions, load_options, load_serving

CORE = ("compose.yaml",)
WHOLE = composed(*FILES)
SERVICES: dict[str, Any] = WHOLE["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_as_closed_as_can_be(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+:\d+", service["user"])
    assert service["user"] != "0:0" or name == "seaweedfs"
    assert service["pids_limit"] and set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["image"].endswith("@sha256:" + "a" * 64)
    assert "healthcheck" in service
    assert "network_mode" not in service and "/var/run/docker.sock" not in json.dumps(service)


def test_who_needs_another_waits_until_it_is_well() -> None:
    for name, service in SERVICES.items():
        for other, needed in service.get("depends_on", {}).items():
            assert needed["condition"] in ("service_healthy", "service_completed_successfully"), name
            is_checked = "disable" not in SERVICES[other]["healthcheck"]
            assert is_checked is (needed["condition"] == "service_healthy")


def test_no_image_and_no_address_is_guessed() -> None:
    for name in VARIABLES:
        with pytest.raises(UnsetError, match=name):
            composed(*FILES, variables={**VARIABLES, name: ""})


def test_only_the_proxy_meets_the_outside_and_grafana_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"proxy", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in published["grafana"])
    open_networks = {name for name, network in WHOLE["networks"].items() if not network.get("internal")}
    assert open_networks == {"edge", "outward"}


def test_without_a_network_nothing_is_asked_for_elsewhere() -> None:
    closed = composed("compose.yaml", variables={**VARIABLES, "PULL_POLICY": "never"})
    assert {service["pull_policy"] for service in closed["services"].values()} == {"never"}
    reached = {name for name, each in closed["services"].items() if "edge" in each["networks"]}
    assert reached == {"proxy"} and set(closed["networks"]) == {"edge", "front", "back"}


def test_every_secret_is_a_file_and_no_variable_holds_one(tmp_path: Path) -> None:
    subprocess.run([sys.executable, COMPOSE / "prepare.py", "--to", tmp_path / "secrets"], check=True)
    for secret in composed(*FILES, variables={**VARIABLES, "SECRETS": str(tmp_path / "secrets")})["secrets"].values():
        assert Path(secret["file"]).read_text()
        assert Path(secret["file"]).stat().st_mode & 0o777 == 0o444
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    for service in SERVICES.values():
        for used in service.get("secrets", ()):
            assert (used if isinstance(used, str) else used["source"]) in WHOLE["secrets"]
        for variable, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET|TOKEN", variable) or variable.endswith("_FILE"), value
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value))


def test_secrets_stay_what_they_are(tmp_path: Path) -> None:
    again = [subprocess.run([sys.executable, COMPOSE / "prepare.py", "--to", tmp_path], check=True) and 0 for _ in "ab"]
    assert again == [0, 0]
    password = (tmp_path / "rabbitmq_password").read_text()
    assert (tmp_path / "rabbitmq.conf").read_text() == f"default_pass = {password}\n"
    [identity] = json.loads((tmp_path / "seaweedfs_s3.json").read_text())["identities"]
    assert identity["credentials"][0]["secretKey"] in (tmp_path / "s3_credentials").read_text()


@pytest.mark.parametrize("name", ["service", "worker"])
@pytest.mark.parametrize("files", [CORE, (*CORE, "compose.gpu.yaml"), FILES], ids=["core", "gpu", "all"])
def test_commands_and_variables_are_the_programs_own(name: str, files: tuple[str, ...], tmp_path: Path) -> None:
    service = composed(*files)["services"][name]
    variables = {key: str(value) for key, value in service["environment"].items()}
    password = tmp_path / "password"
    password.write_text("secret")
    files_of = {key: value for key, value in variables.items() if key.endswith("_PASSWORD_FILE")}
    assert {value.removeprefix("/run/secrets/") for value in files_of.values()} <= set(service["secrets"])
    variables |= dict.fromkeys(files_of, str(password))
    arguments = parse(service["command"])
    serving = load_serving(option_values(arguments, ServingOptions), environment=variables)
    options = load_options(option_values(arguments, Options), environment=variables)
    assert arguments.command == {"service": "serve", "worker": "worker"}[name]
    assert serving.jobs.jobs_database == "postgresql://facefusion:secret@postgresql/facefusion"
    assert serving.jobs.broker == "amqp://facefusion:secret@rabbitmq:5672//"
    assert options.trust.policy == "hosted"
    assert serving.worker.drain_seconds < 150 or name == "service"
    if name == "service":
        assert (serving.service.port, serving.service.hosted, serving.worker.workers) == (8080, True, 0)
        assert serving.access.trusted_proxies == (WHOLE["networks"]["front"]["ipam"]["config"][0]["subnet"],)


def test_what_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in WHOLE["volumes"] or source == "./models" or (COMPOSE / source).exists()


def test_the_bucket_is_made_once_and_found_again(s3: S3, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text(f"[default]\naws_access_key_id = {s3.key}\naws_secret_access_key = {s3.secret}\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["AWS_SHARED_CREDENTIALS_FILE"] = str(credentials)
    command = [sys.executable, COMPOSE / "bucket.py", "composed", s3.endpoint(), "us-east-1"]
    for _ in range(2):
        subprocess.run(command, check=True, env=environment)
    client = s3.client()
    assert "composed" in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    client.close()
    done = subprocess.run(
        [*command[:3], s3.endpoint(port=1), "us-east-1"], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 1 and "cannot be made" in done.stderr


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_understands_its_configuration(tmp_path: Path) -> None:
    subprocess.run([sys.executable, COMPOSE / "prepare.py", "--to", tmp_path], check=True)
    text = (COMPOSE / "nginx" / "facefusion.conf").read_text().replace("/tmp/", f"{tmp_path}/")
    text = text.replace("/run/secrets/tls_certificate", str(tmp_path / "tls_certificate.pem"))
    text = text.replace("/run/secrets/tls_key", str(tmp_path / "tls_key.pem"))
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < (1, 25):
        text = text.replace("http2 on;", "").replace("listen 8443 ssl;", "listen 8443 ssl http2;")
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
def test_compose_itself_takes_the_files(tmp_path: Path) -> None:
    subprocess.run([sys.executable, COMPOSE / "prepare.py", "--to", tmp_path / "secrets"], check=True)
    variables = {**os.environ, **VARIABLES, "SECRETS": str(tmp_path / "secrets")}
    files = [part for name in FILES for part in ("--file", COMPOSE / name)]
    done = subprocess.run(
        ["docker-compose", *files, "config"], capture_output=True, text=True, check=False, env=variables
    )
    assert done.returncode == 0, done.stderr
