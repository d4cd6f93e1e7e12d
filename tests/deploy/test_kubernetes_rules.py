"""Rules that hold for every overlay: restricted pods, secrets in files, real options, ports and names that fit."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
from manifests import (
    KNATIVE,
    KUBERNETES,
    OVERLAYS,
    Manifest,
    containers,
    documents,
    environment,
    identity,
    named,
    pods,
    rendered,
)

from facefusion.cli.parser import parse
from facefusion.options import Options, ServingOptions, load_options, load_serving
from facefusion.options.leaves import leaf_table

Pods = list[tuple[str, Manifest]]
PASSWORD_FILE = "_PASSWORD_FILE"
OTHER_VARIABLES = {"HOME", "TMPDIR", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE"}
UNITS = {"": 1, "m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def amount(text: str) -> float:
    """Return a quantity of Kubernetes as a number."""
    found = re.fullmatch(r"(\d+)(m|[KMGT]i|)", text)
    assert found is not None, text
    return int(found[1]) * UNITS[found[2]]


@pytest.fixture
def every_pod(overlay: list[Manifest]) -> Pods:
    """Each pod of an overlay, and of what is run beside one."""
    further = [each for name in ("service.yaml", "film.yaml") for each in documents(KNATIVE / name)]
    return [*pods(overlay), *pods(further)]


def test_the_namespace_lets_restricted_pods_in_alone(overlay: list[Manifest]) -> None:
    labels = named(overlay, "Namespace", "facefusion")["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {"restricted"}
    for each in overlay:
        if each["kind"] not in {"Namespace", "PriorityClass", "PersistentVolume"}:
            assert each["metadata"]["namespace"] == "facefusion", identity(each)


# The controls of the Pod Security Standard "restricted", one test each.


def test_pods_share_nothing_with_their_host(every_pod: Pods) -> None:
    for place, pod in every_pod:
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostAliases"} & set(pod), place
        for each in containers(pod):
            assert all("hostPort" not in port for port in each.get("ports", ())), place
            assert "privileged" not in each["securityContext"], place
            assert not {"procMount", "seLinuxOptions", "windowsOptions"} & set(each["securityContext"]), place
        assert "sysctls" not in pod.get("securityContext", {}), place


def test_pods_have_no_volumes_but_those_that_are_allowed(every_pod: Pods) -> None:
    allowed = {
        "configMap",
        "emptyDir",
        "persistentVolumeClaim",
        "secret",
        "projected",
        "downwardAPI",
        "csi",
        "ephemeral",
    }
    for place, pod in every_pod:
        for volume in pod.get("volumes", ()):
            assert len(set(volume) - {"name"} - allowed) == 0, (place, volume)
            assert len(set(volume) & allowed) == 1, (place, volume)


def test_nobody_gains_privileges(every_pod: Pods) -> None:
    for place, pod in every_pod:
        for each in containers(pod):
            assert each["securityContext"]["allowPrivilegeEscalation"] is False, place


def test_nobody_is_root(every_pod: Pods) -> None:
    for place, pod in every_pod:
        for each in containers(pod):
            context = pod.get("securityContext", {}) | each["securityContext"]
            assert context["runAsNonRoot"] is True, place
            assert context["runAsUser"] == (999 if "postgresql" in place else 10001), place


def test_every_container_has_the_usual_filter_of_system_calls(every_pod: Pods) -> None:
    for place, pod in every_pod:
        for each in containers(pod):
            context = pod.get("securityContext", {}) | each["securityContext"]
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}, place


def test_nobody_has_capabilities(every_pod: Pods) -> None:
    for place, pod in every_pod:
        for each in containers(pod):
            assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}, place


# Beyond the standard.


def test_roots_are_read_only_and_all_that_is_written_has_a_bound(every_pod: Pods) -> None:
    for place, pod in every_pod:
        volumes = {each["name"]: each for each in pod.get("volumes", ())}
        for each in containers(pod):
            assert each["securityContext"]["readOnlyRootFilesystem"] is True, place
            for mount in each.get("volumeMounts", ()):
                volume = volumes.get(mount["name"], {})
                if "secret" in volume or "configMap" in volume:
                    assert mount["readOnly"] is True, (place, mount)
        for volume in volumes.values():
            if "emptyDir" in volume and "postgresql" not in place:
                assert amount(volume["emptyDir"]["sizeLimit"]) > 0, (place, volume)


def test_pods_may_not_speak_to_the_cluster_and_get_no_variables_of_it(every_pod: Pods) -> None:
    for place, pod in every_pod:
        assert pod["automountServiceAccountToken"] is False, place
        assert pod["enableServiceLinks"] is False, place


def test_every_mount_has_its_volume_and_every_volume_its_mount(overlay: list[Manifest], every_pod: Pods) -> None:
    claims = {each["metadata"]["name"] for each in overlay if each["kind"] == "PersistentVolumeClaim"}
    own = {"data"}  # of the set of PostgreSQL itself
    for place, pod in every_pod:
        volumes = {each["name"]: each for each in pod.get("volumes", ())}
        mounted = {mount["name"] for each in containers(pod) for mount in each.get("volumeMounts", ())}
        assert mounted - own == set(volumes), place
        for volume in volumes.values():
            assert volume.get("persistentVolumeClaim", {}).get("claimName", "output") in claims | {"output"}, place


def test_secrets_are_files_and_never_variables(overlay: list[Manifest], every_pod: Pods) -> None:
    assert not any(each["kind"] == "Secret" for each in overlay)
    for place, pod in every_pod:
        for each in containers(pod):
            assert all("valueFrom" not in variable for variable in each.get("env", ())), place
            assert all("secretRef" not in source for source in each.get("envFrom", ())), place
            for name, value in environment(overlay, each).items():
                assert not re.search(r"://[^/@]*:[^/@]*@", value), (place, name)
                assert "PASSWORD" not in name or name.endswith("_FILE"), (place, name)


def test_files_that_options_name_are_mounted(overlay: list[Manifest]) -> None:
    for place, pod in pods(overlay):
        for each in pod["containers"]:
            mounts = [mount["mountPath"] for mount in each.get("volumeMounts", ())]
            variables = environment(overlay, each)
            read = _all_read() if "retention" not in place else _read_by_the_records()
            for name, value in variables.items():
                if value.startswith("/") and name in read:
                    assert any(Path(value).is_relative_to(mount) for mount in mounts), (place, name)


def _all_read() -> set[str]:
    return {
        f"FACEFUSION_{leaf.upper()}" for tree in (Options, ServingOptions) for leaf in leaf_table(tree)
    } | OTHER_VARIABLES


def _read_by_the_records() -> set[str]:
    return {
        f"FACEFUSION_{leaf.upper()}" for leaf in leaf_table(Options) if leaf.startswith("trust_") or leaf == "policy"
    }


def test_variables_are_options_and_their_values_possible(overlay: list[Manifest], quiet_place: Path) -> None:
    known = _all_read()
    further = [each for name in ("service.yaml", "film.yaml", "cloud-run.yaml") for each in documents(KNATIVE / name)]
    for place, pod in [*pods(overlay), *pods(further)]:
        for each in pod["containers"]:
            if "postgres" in each["image"]:
                continue
            variables = environment(overlay, each)
            assert set(variables) <= known, place
            # What files hold is there in a cluster alone.
            given = {name: value for name, value in variables.items() if not name.endswith(PASSWORD_FILE)}
            assert load_options({}, environment=given).trust.trust_dir == Path("/app/state/trust"), place
            load_serving({}, environment=given)


def test_password_files_are_of_addresses_that_have_a_user(overlay: list[Manifest]) -> None:
    data = named(overlay, "ConfigMap", "facefusion")["data"]
    files = [name for name in data if name.endswith(PASSWORD_FILE)]
    assert files
    for name in files:
        address = data[name.removesuffix(PASSWORD_FILE)]
        assert re.match(r"[a-z]+://([a-z]+@|redis\.)", address), name


def test_commands_are_those_of_the_command_line(overlay: list[Manifest]) -> None:
    further = [each for name in ("service.yaml", "film.yaml", "cloud-run.yaml") for each in documents(KNATIVE / name)]
    found = set()
    for place, pod in [*pods(overlay), *pods(further)]:
        for each in containers(pod):
            if "facefusion" in each["image"]:
                assert "command" not in each, place  # the image begins the program
                arguments = parse(each["args"])
                found.add(arguments.command)
    assert found == {"serve", "worker", "audit", "job"}


def test_images_are_those_that_are_built(every_pod: Pods) -> None:
    for place, pod in every_pod:
        for each in containers(pod):
            assert re.fullmatch(r"(.*/)?facefusion:(cpu|cuda)|postgres:\d+", each["image"]), place


def test_probes_ask_routes_that_are_there(overlay: list[Manifest]) -> None:
    pod = named(overlay, "Deployment", "service")["spec"]["template"]["spec"]
    [service] = pod["containers"]
    probes = {name: service[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert [probes[name]["path"].rpartition("/")[2] for name in probes] == ["live", "live", "ready"]
    from facefusion.service.routes.health import ROUTER

    routes = {route.path for route in ROUTER.routes}  # type: ignore[attr-defined]
    for probe in probes.values():
        assert probe == {"path": probe["path"], "port": "http"}
        assert probe["path"] in routes


def test_ports_are_the_same_wherever_they_stand(overlay: list[Manifest]) -> None:
    service = named(overlay, "Service", "service")
    [port] = service["spec"]["ports"]
    for name, component in (("service", "service"), ("worker", "worker")):
        deployment = named(overlay, "Deployment", name)
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        variables = environment(overlay, container)
        ports = {each["name"]: each["containerPort"] for each in container["ports"]}
        assert ports["metrics"] == int(variables["FACEFUSION_METRICS_PORT"])
        assert deployment["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == component
        if name == "service":
            assert ports[port["targetPort"]] == port["port"] == int(variables["FACEFUSION_PORT"])
            assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
            assert variables["FACEFUSION_HOST"] == variables["FACEFUSION_METRICS_HOST"] == "0.0.0.0"
    for each in overlay:
        if each["kind"] == "Ingress":
            [rule] = each["spec"]["rules"]
            backend = rule["http"]["paths"][0]["backend"]["service"]
            assert (backend["name"], backend["port"]["name"]) == ("service", port["name"])
            assert each["spec"]["tls"][0]["hosts"] == [rule["host"]]
            assert variables["FACEFUSION_PUBLIC_URL"] == f"https://{rule['host']}"


def test_selectors_find_their_pods(overlay: list[Manifest]) -> None:
    labelled = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in overlay
        if each["kind"] in {"Deployment", "StatefulSet"}
    ]
    labelled += [
        each["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
        for each in overlay
        if each["kind"] == "CronJob"
    ]
    for each in overlay:
        spec = each.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector") if each["kind"] != "Service" else None)
        wanted = (selector or {}).get("matchLabels", {}) if each["kind"] != "Service" else spec["selector"]
        assert any(wanted.items() <= labels.items() for labels in labelled), identity(each)
    for each in overlay:
        if each["kind"] in {"HorizontalPodAutoscaler", "ScaledObject"}:
            target = each["spec"]["scaleTargetRef"]
            deployment = named(overlay, target["kind"], target["name"])
            assert "replicas" not in deployment["spec"], identity(each)  # whoever scales says how many


def test_a_pod_has_longer_than_its_work_needs_to_end(tmp_path: Path) -> None:
    from test_kubernetes_render import with_components

    folders = [*(KUBERNETES / "overlays" / name for name in OVERLAYS), with_components(tmp_path, "gpu", "spot")]
    for folder in folders:
        manifests = rendered(folder)
        for name, more in (("worker", 10), ("service", 20)):
            pod = named(manifests, "Deployment", name)["spec"]["template"]["spec"]
            [container] = pod["containers"]
            drain = float(environment(manifests, container)["FACEFUSION_DRAIN_SECONDS"]) if name == "worker" else 30.0
            before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            assert pod["terminationGracePeriodSeconds"] >= drain + before + more, (folder, name)


def test_workers_take_nobodys_place_and_services_go_first(overlay: list[Manifest]) -> None:
    service, worker = (named(overlay, "PriorityClass", f"facefusion-{name}") for name in ("service", "worker"))
    assert service["value"] > worker["value"]
    assert worker["preemptionPolicy"] == "Never"
    classes = {each["metadata"]["name"] for each in overlay if each["kind"] == "PriorityClass"}
    for place, pod in pods(overlay):
        assert pod["priorityClassName"] in classes, place


def test_every_container_says_what_it_takes_and_all_together_fit_the_quota(overlay: list[Manifest]) -> None:
    hard = named(overlay, "ResourceQuota", "facefusion")["spec"]["hard"]
    most: dict[str, int] = {}
    for each in overlay:
        if each["kind"] in {"HorizontalPodAutoscaler", "ScaledObject"}:
            spec = each["spec"]
            most[spec["scaleTargetRef"]["name"]] = spec.get("maxReplicas", spec.get("maxReplicaCount"))
    total: dict[str, float] = {"pods": 0.0}
    for place, pod in pods(overlay):
        count = most.get(place.partition("/")[2], 1) + 1  # one more while versions are changed
        total["pods"] += count
        for container in pod["containers"]:
            for kind, values in container["resources"].items():
                for name, value in values.items():
                    key = f"{kind}.{name}"
                    total[key] = total.get(key, 0.0) + count * amount(value)
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), place
            assert "memory" in container["resources"]["limits"], place
    for name in ("pods", "requests.cpu", "requests.memory", "limits.memory", "requests.ephemeral-storage"):
        assert total[name] <= amount(hard[name]), name
    assert most.get("worker", 0) <= amount(hard["requests.nvidia.com/gpu"])


def test_nothing_goes_in_or_out_that_is_not_said(overlay: list[Manifest]) -> None:
    policies = [each["spec"] for each in overlay if each["kind"] == "NetworkPolicy"]
    denied = named(overlay, "NetworkPolicy", "default-deny")["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    metadata = ipaddress.ip_address("169.254.169.254")
    for policy in policies:
        for rule in [*policy.get("ingress", ()), *policy.get("egress", ())]:
            assert rule["ports"], "every rule names ports"
            for peer in [*rule.get("from", ()), *rule.get("to", ())]:
                assert peer, "every rule names who"
                block = peer.get("ipBlock")
                if block is not None and metadata in ipaddress.ip_network(block["cidr"]):
                    assert any(metadata in ipaddress.ip_network(each) for each in block["except"])


def test_whatever_an_option_leads_to_can_be_reached(overlay: list[Manifest]) -> None:
    data = named(overlay, "ConfigMap", "facefusion")["data"]
    usual = {"postgresql": 5432, "amqps": 5671, "rediss": 6379, "https": 443, "s3": 443}
    needed = set()
    for name in ("JOBS_DATABASE", "TRUST_DATABASE", "BROKER", "REDIS", "STORAGE", "STORAGE_ENDPOINT"):
        address = data.get(f"FACEFUSION_{name}", "")
        if "://" not in address or (name == "STORAGE" and "FACEFUSION_STORAGE_ENDPOINT" in data):
            continue
        scheme, _, rest = address.partition("://")
        port = re.match(r"(?:[^/@]*@)?[^/:]+:(\d+)", rest)
        needed.add(int(port[1]) if port else usual[scheme])
    outward: set[int] = set()
    for each in overlay:
        if each["kind"] == "NetworkPolicy":
            outward |= {port["port"] for rule in each["spec"].get("egress", ()) for port in rule["ports"]}
    assert needed <= outward
    assert outward - needed - {53} == set()


def scaling() -> dict[str, Any]:
    spec: dict[str, Any] = named(rendered(KUBERNETES / "overlays" / "production"), "ScaledObject", "worker")["spec"]
    return spec


def test_workers_are_scaled_by_the_queue_that_workers_listen_to() -> None:
    from facefusion.jobs.celery.broker import Broker

    spec = scaling()
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (3, 20)
    [queue] = [each for each in spec["triggers"] if each["type"] == "rabbitmq"]
    assert queue["metadata"]["queueName"] == Broker("amqp://localhost").queue
    assert queue["metadata"]["mode"] == "QueueLength"


def test_workers_go_when_two_hours_had_no_use_for_them() -> None:
    queries = [each["metadata"]["query"] for each in scaling()["triggers"] if each["type"] == "prometheus"]
    assert len(queries) == 2
    for query in queries:
        assert query.startswith("max_over_time(")
        assert "[2h:1m])" in query
        assert re.findall(r"facefusion_[a-z_]+", query)


def test_old_entries_go_every_night() -> None:
    for name in OVERLAYS:
        job = named(rendered(KUBERNETES / "overlays" / name), "CronJob", "retention")["spec"]
        assert re.fullmatch(r"\d+ \d+ \* \* \*", job["schedule"])
        assert job["concurrencyPolicy"] == "Forbid"
