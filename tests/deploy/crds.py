"""What the definitions of KEDA 2 and Knative 1 say of the parts that our manifests use; other fields are mistakes."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]


def _table(required: str = "", **properties: Any) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


TEXT: Final[Schema] = {"type": "string", "minLength": 1}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
TEXTS: Final[Schema] = {"type": "object", "additionalProperties": {"type": "string"}}
DURATION: Final[Schema] = {"type": "string", "pattern": r"^PT(\d+H)?(\d+M)?(\d+S)?$"}
_METADATA: Final = _table("name", name=TEXT, namespace=TEXT, labels=TEXTS, annotations=TEXTS)
_POLICY: Final = _table(
    "type value periodSeconds",
    type={"enum": ["Pods", "Percent"]},
    value={"type": "integer", "minimum": 1},
    periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800},
)
_DIRECTION: Final = _table(
    "",
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
    selectPolicy={"enum": ["Max", "Min", "Disabled"]},
    policies=_list(_POLICY),
)
_RABBITMQ: Final = _table(
    "queueName value",
    protocol={"enum": ["auto", "amqp", "http"]},
    queueName=TEXT,
    mode={"enum": ["QueueLength", "MessageRate"]},
    value={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
    vhostName=TEXT,
)
_PROMETHEUS: Final = _table(
    "serverAddress query threshold",
    serverAddress={"type": "string", "pattern": "^https?://"},
    query=TEXT,
    threshold={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
)


def _trigger(kind: str, metadata: Schema) -> Schema:
    return _table(
        "type metadata",
        type={"const": kind},
        name=TEXT,
        metadata=metadata,
        authenticationRef=_table(
            "name", name=TEXT, kind={"enum": ["TriggerAuthentication", "ClusterTriggerAuthentication"]}
        ),
        metricType={"enum": ["AverageValue", "Value"]},
    )


SCALED_OBJECT: Final = _table(
    "scaleTargetRef triggers",
    scaleTargetRef=_table("name", apiVersion=TEXT, kind=TEXT, name=TEXT),
    pollingInterval={"type": "integer", "minimum": 1},
    cooldownPeriod=COUNT,
    minReplicaCount=COUNT,
    maxReplicaCount={"type": "integer", "minimum": 1},
    advanced=_table(
        "", horizontalPodAutoscalerConfig=_table("", behavior=_table("", scaleUp=_DIRECTION, scaleDown=_DIRECTION))
    ),
    triggers=_list({"oneOf": [_trigger("rabbitmq", _RABBITMQ), _trigger("prometheus", _PROMETHEUS)]}),
)
TRIGGER_AUTHENTICATION: Final = _table(
    "secretTargetRef", secretTargetRef=_list(_table("parameter name key", parameter=TEXT, name=TEXT, key=TEXT))
)
_VARIABLE: Final = _table("name value", name=TEXT, value={"type": "string"})
_PROBE: Final = _table(
    "httpGet",
    httpGet=_table("path", path=TEXT, port={}, httpHeaders=_list(_table("name value", name=TEXT, value=TEXT))),
    periodSeconds=COUNT,
    failureThreshold=COUNT,
    timeoutSeconds=COUNT,
)
_QUANTITIES: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_CONTAINER: Final = _table(
    "image",
    name=TEXT,
    image=TEXT,
    args=_list({"type": "string"}),
    # One port alone, by a name that says its protocol.
    ports={**_list(_table("containerPort", name={"enum": ["http1", "h2c"]}, containerPort=COUNT)), "maxItems": 1},
    env=_list(_VARIABLE),
    readinessProbe=_PROBE,
    livenessProbe=_PROBE,
    startupProbe=_PROBE,
    resources=_table("", requests=_QUANTITIES, limits=_QUANTITIES),
    securityContext=_table(
        "",
        runAsNonRoot={"type": "boolean"},
        runAsUser=COUNT,
        allowPrivilegeEscalation={"const": False},
        readOnlyRootFilesystem={"type": "boolean"},
        capabilities=_table("", drop=_list(TEXT)),
        seccompProfile=_table("type", type=TEXT),
    ),
    volumeMounts=_list(_table("name mountPath", name=TEXT, mountPath=TEXT, readOnly={"type": "boolean"})),
)
_VOLUME: Final = _table(
    "name",
    name=TEXT,
    emptyDir=_table("", medium={"const": "Memory"}, sizeLimit=TEXT),
    secret=_table(
        "secretName", secretName=TEXT, defaultMode=COUNT, items=_list(_table("key path", key=TEXT, path=TEXT))
    ),
)
KNATIVE_SERVICE: Final = _table(
    "template",
    template=_table(
        "spec",
        metadata=_table("", annotations=TEXTS, labels=TEXTS),
        spec=_table(
            "containers",
            containerConcurrency=COUNT,
            timeoutSeconds={"type": "integer", "minimum": 1, "maximum": 3600},
            serviceAccountName=TEXT,
            automountServiceAccountToken={"const": False},
            enableServiceLinks={"const": False},
            containers={**_list(_CONTAINER), "maxItems": 1},
            volumes=_list(_VOLUME),
        ),
    ),
)
KNATIVE_TRIGGER: Final = _table(
    "broker subscriber",
    broker=TEXT,
    filter=_table("attributes", attributes=TEXTS),
    subscriber=_table(
        "",
        ref=_table("apiVersion kind name", apiVersion=TEXT, kind=TEXT, name=TEXT, namespace=TEXT),
        uri=TEXT,
        audience=TEXT,
    ),
    delivery=_table(
        "",
        retry=COUNT,
        backoffPolicy={"enum": ["linear", "exponential"]},
        backoffDelay=DURATION,
        timeout=DURATION,
    ),
)
SPECIFICATIONS: Final = {
    ("keda.sh/v1alpha1", "ScaledObject"): SCALED_OBJECT,
    ("keda.sh/v1alpha1", "TriggerAuthentication"): TRIGGER_AUTHENTICATION,
    ("serving.knative.dev/v1", "Service"): KNATIVE_SERVICE,
    ("eventing.knative.dev/v1", "Trigger"): KNATIVE_TRIGGER,
}


def schema_of(api: str, kind: str) -> Schema:
    """Return the schema of a kind that Kubernetes itself does not have."""
    spec = SPECIFICATIONS[api, kind]
    return _table(
        "apiVersion kind metadata spec", apiVersion={"const": api}, kind={"const": kind}, metadata=_METADATA, spec=spec
    )
