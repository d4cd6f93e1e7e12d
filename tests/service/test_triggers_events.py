"""Events in the forms that storage services document, and what becomes of them."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefusion.errors import StorageAddressError, TriggerEventError, TriggerRuleError
from facefusion.jobs.storage.addresses import parsed_address
from facefusion.service.triggers.created import Created
from facefusion.service.triggers.formats import created_by
from facefusion.service.triggers.rule import Rule, check_loops

JSON = {"content-type": "application/json"}


def s3_record(name="ObjectCreated:Put", key="in/my+film+%281%29%2B.mp4", **more):
    """A record as the Amazon S3 User Guide has it (event message structure 2.1)."""
    thing = {"key": key, "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0055AED6DCD90281E5"}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-west-2",
        "eventTime": "1970-01-01T00:00:00.000Z",
        "eventName": name,
        "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "testConfigRule",
            "bucket": {"name": "amzn-s3-demo-bucket", "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}},
            "object": {**thing, **more},
        },
    }


MINIO = {
    "EventName": "s3:ObjectCreated:Put",
    "Key": "images/myphoto.jpg",
    "Records": [
        {
            "eventVersion": "2.0",
            "eventSource": "minio:s3",
            "awsRegion": "",
            "eventTime": "2019-07-23T16:41:01.111Z",
            "eventName": "s3:ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "Config",
                "bucket": {"name": "images", "arn": "arn:aws:s3:::images"},
                "object": {
                    "key": "myphoto.jpg",
                    "size": 475,
                    "eTag": "ebfdafad6e8ebde2d0c5ce1a9a1b3a4c",
                    "contentType": "image/jpeg",
                    "versionId": "1",
                    "sequencer": "15B4203D1B4B6F18",
                },
            },
        }
    ],
}
EVENT_BRIDGE = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "111122223333",
    "time": "2021-11-12T00:00:00Z",
    "region": "ca-central-1",
    "resources": ["arn:aws:s3:::amzn-s3-demo-bucket1"],
    "detail": {
        "version": "0",
        "bucket": {"name": "amzn-s3-demo-bucket1"},
        "object": {
            "key": "in/a+b %20.mp4",
            "size": 5,
            "etag": "b1946ac92492d2347c6235b4d2611184",
            "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
            "sequencer": "617f08299329d189",
        },
        "reason": "PutObject",
    },
}
PUB_SUB = {
    "message": {
        "attributes": {
            "bucketId": "my-bucket",
            "eventTime": "2021-01-01T00:00:00.000000Z",
            "eventType": "OBJECT_FINALIZE",
            "notificationConfig": "projects/_/buckets/my-bucket/notificationConfigs/1",
            "objectGeneration": "1609459200000000",
            "objectId": "in/größe +%20.mp4",
            "payloadFormat": "JSON_API_V1",
        },
        "data": base64.b64encode(b'{"kind":"storage#object"}').decode(),
        "messageId": "2070443601311540",
        "publishTime": "2021-02-26T19:13:55.749Z",
    },
    "subscription": "projects/myproject/subscriptions/mysubscription",
}
CLOUD = {"specversion": "1.0", "id": "aaa", "source": "//storage.googleapis.com/projects/_/buckets/some-bucket"}
GOOGLE = {
    **CLOUD,
    "type": "google.cloud.storage.object.v1.finalized",
    "subject": "objects/folder/Test.cs",
    "datacontenttype": "application/json",
    "data": {"bucket": "some-bucket", "name": "folder/Test.cs", "generation": "1587627537231057", "size": "352"},
}
AZURE = {
    "specversion": "1.0",
    "type": "Microsoft.Storage.BlobCreated",
    "source": "/subscriptions/1/resourceGroups/Storage/providers/Microsoft.Storage/storageAccounts/my-storage-account",
    "id": "9aeb0fdf-c01e-0131-0922-9eb54906e209",
    "time": "2019-11-18T15:13:39.4589254Z",
    "subject": "/blobServices/default/containers/testcontainer/blobs/new file.txt",
    "data": {
        "api": "PutBlockList",
        "eTag": "0x8D4BCC2E4835CD0",
        "contentLength": 30699,
        "url": "https://my-storage-account.blob.core.windows.net/testcontainer/new%20file%2B.txt",
        "sequencer": "00000000000004420000000000028963",
    },
}


def sent(content, headers=JSON):
    return created_by(json.dumps(content).encode(), headers)


def test_s3_keys_are_unescaped_as_forms_are():
    [found] = sent({"Records": [s3_record()]})
    assert found == Created("s3://amzn-s3-demo-bucket/in/my film (1)+.mp4", "0055AED6DCD90281E5")


@pytest.mark.parametrize("name", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
def test_all_ways_to_create_an_object_count(name):
    assert len(sent({"Records": [s3_record(f"ObjectCreated:{name}")]})) == 1


def test_a_version_of_s3_tells_contents_apart_before_all_else():
    [found] = sent({"Records": [s3_record(versionId="096fKKXTRTtl3on89fVO.nfljtsv6qko")]})
    assert found.version == "096fKKXTRTtl3on89fVO.nfljtsv6qko"
    [found] = sent({"Records": [s3_record(versionId="null")]})
    assert found.version == "0055AED6DCD90281E5"


@pytest.mark.parametrize(
    ("content", "address", "version"),
    [
        (MINIO, "s3://images/myphoto.jpg", "1"),
        (EVENT_BRIDGE, "s3://amzn-s3-demo-bucket1/in/a+b %20.mp4", "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"),
        (PUB_SUB, "gs://my-bucket/in/größe +%20.mp4", "1609459200000000"),
        (GOOGLE, "gs://some-bucket/folder/Test.cs", "1587627537231057"),
        (AZURE, "abfs://testcontainer@my-storage-account.dfs.core.windows.net/new file+.txt", "0x8D4BCC2E4835CD0"),
        (
            {**CLOUD, "type": "com.amazonaws.s3.ObjectCreated:Put", "data": s3_record()},
            "s3://amzn-s3-demo-bucket/in/my film (1)+.mp4",
            "0055AED6DCD90281E5",
        ),
        (
            {**CLOUD, "type": "facefusion.object.created.v1", "data": {"address": "s3://b/k.mp4", "version": 7}},
            "s3://b/k.mp4",
            "7",
        ),
    ],
)
def test_events_of_several_services(content, address, version):
    assert sent(content) == [Created(address, version)]


@pytest.mark.parametrize(
    "content",
    [
        {"Records": [s3_record("ObjectRemoved:Delete"), s3_record("ObjectRestore:Post")]},
        {"Records": []},
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "amzn-s3-demo-bucket", "Time": "2014-10-13"},
        {**EVENT_BRIDGE, "detail-type": "Object Deleted"},
        {**PUB_SUB, "message": {**PUB_SUB["message"], "attributes": {"eventType": "OBJECT_DELETE"}}},
        {**GOOGLE, "type": "google.cloud.storage.object.v1.deleted"},
        {**AZURE, "type": "Microsoft.Storage.BlobDeleted"},
        {**CLOUD, "type": "com.example.other", "data": {}},
    ],
)
def test_events_of_other_kinds_start_nothing(content):
    assert sent(content) == []


def test_cloud_events_come_in_three_modes():
    binary = {"ce-specversion": "1.0", "ce-id": "aaa", "ce-source": "/a%20b", "ce-type": GOOGLE["type"], **JSON}
    structured = {"content-type": "application/cloudevents+json; charset=utf-8"}
    batch = {"content-type": "application/cloudevents-batch+json"}
    encoded = {**GOOGLE, "data_base64": base64.b64encode(json.dumps(GOOGLE["data"]).encode()).decode()}
    del encoded["data"]
    wanted = [Created("gs://some-bucket/folder/Test.cs", "1587627537231057")]
    assert sent(GOOGLE["data"], binary) == wanted
    assert sent(GOOGLE, structured) == wanted
    assert sent(encoded, structured) == wanted
    assert sent([GOOGLE, AZURE], batch)[0] == wanted[0]
    assert len(sent([GOOGLE, AZURE], batch)) == 2


@pytest.mark.parametrize(
    "headers",
    [{"x-amz-sns-message-type": "SubscriptionConfirmation"}, {"x-amz-sns-message-type": "Notification"}, JSON],
)
def test_sns_is_refused_in_words(headers):
    content = {"Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:us-west-2:1:t", "SubscribeURL": "https://x"}
    with pytest.raises(TriggerEventError, match="EventBridge"):
        sent(content, headers)


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        "text",
        None,
        7,
        {"message": {}, "subscription": "a"},
        {"Records": [7]},
        {"Records": [{"eventName": "ObjectCreated:Put"}]},
        {"Records": [{**s3_record(), "s3": {"bucket": {"name": "b"}, "object": {"key": 7}}}]},
        {"Records": [{**s3_record(), "eventTime": "", "s3": {"bucket": {"name": "b"}, "object": {"key": "k"}}}]},
        {**GOOGLE, "specversion": "0.3"},
        {**GOOGLE, "id": ""},
        {**GOOGLE, "data": None},
        {**GOOGLE, "data": {"bucket": "a", "name": "k"}},
        {**AZURE, "data": {**AZURE["data"], "url": "https://[/"}},
        {**AZURE, "data": {**AZURE["data"], "url": "https://account.blob.core.windows.net/container"}},
        {**CLOUD, "type": "facefusion.object.created.v1", "data": {"address": "https://a/b"}},
        {**CLOUD, "type": "facefusion.object.created.v1", "data": {"address": "s3://bucket"}},
        {**CLOUD, "type": "facefusion.object.created.v1", "data": {"address": "s3://b/a\nb"}},
        {**GOOGLE, "data_base64": "***"},
    ],
)
def test_what_is_no_event_is_refused(content):
    with pytest.raises(TriggerEventError):
        sent(content)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(body):
    with contextlib.suppress(TriggerEventError):
        assert isinstance(created_by(body, JSON), list)


_NAMES = [
    *("Records", "s3", "object", "key", "bucket", "name", "eventName", "message", "attributes", "data"),
    *("specversion", "type"),
]
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Records",
                    "s3",
                    "object",
                    "key",
                    "bucket",
                    "name",
                    "eventName",
                    "message",
                    "attributes",
                    "data",
                    "specversion",
                    "type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_ANY)
def test_any_json_is_an_event_or_refused(content):
    with contextlib.suppress(TriggerEventError):
        assert isinstance(sent(content), list)


REQUEST = {"target": "{address}", "output": "{slug}.mp4", "sources": ["face:abc"], "options": {}}


def rule(source="s3://uploads/in/", suffixes=(".mp4", ".MOV"), **request):
    return Rule(source, suffixes, {**REQUEST, **request})


@pytest.mark.parametrize(
    ("address", "is_matched"),
    [
        ("s3://uploads/in/a.mp4", True),
        ("s3://uploads/in/deep/a.MP4", True),
        ("s3://uploads/in/a.mov", True),
        ("s3://uploads/in/a.txt", False),
        ("s3://uploads/out/a.mp4", False),
        ("s3://uploads/inn/a.mp4", False),
        ("gs://uploads/in/a.mp4", False),
        ("s3://uploads2/in/a.mp4", False),
    ],
)
def test_which_objects_match(address, is_matched):
    assert rule().matches(address) == is_matched


def test_placeholders_are_filled_in():
    made = Rule(
        "s3://u/", (), {"target": "{address}", "output": "{slug}-{digest}{suffix}", "deliver_to": "s3://o/{folder}"}
    )
    request = made.job_of(Created("s3://u/in/2026/Anna_Film.mp4", "1"))
    digest = Created("s3://u/in/2026/Anna_Film.mp4", "1").identity[:16]
    assert request.target == "s3://u/in/2026/Anna_Film.mp4"
    assert request.output == f"Anna_Film-{digest}.mp4"
    assert request.deliver_to == "s3://o/in/2026/"


def test_what_comes_in_through_a_key_is_not_looked_at_for_placeholders():
    request = rule(deliver_to="s3://out/{stem}.mp4").job_of(Created("s3://uploads/in/{digest}{name}.mp4", "1"))
    assert request.deliver_to == "s3://out/{digest}{name}.mp4"
    assert request.output == "digest-name.mp4"


@pytest.mark.parametrize(
    "bad",
    [
        rule("uploads/in/"),
        rule("s3://uploads"),
        rule("https://uploads/in/"),
        rule("s3://uploads/in/?a"),
        rule(target="{nothing}"),
        rule(output="{slug}.exe"),
        rule(options={"no_such_option": 1}),
        rule(surprise=1),
        rule(deliver_to="not an address"),
    ],
)
def test_rules_that_cannot_be_followed(bad):
    with pytest.raises(TriggerRuleError):
        bad.check()


@pytest.mark.parametrize(
    "deliver_to",
    [
        "s3://uploads/in/",
        "s3://uploads/in/out/",
        "s3://uploads/in/{slug}-2.mp4",
        "s3://uploads/{key}",
        "s3a://uploads/in/x.mp4",
    ],
)
def test_a_rule_that_starts_itself_is_refused(deliver_to):
    with pytest.raises(TriggerRuleError, match="starts a job again"):
        rule(deliver_to=deliver_to).check()


def test_rules_that_start_one_another_are_refused():
    there, back = rule(deliver_to="s3://other/in/"), rule("s3://other/in/", deliver_to="s3://uploads/in/")
    there.check()
    with pytest.raises(TriggerRuleError, match="starts a job again"):
        back.check([there])


def test_a_result_elsewhere_or_of_another_form_is_no_loop():
    rule(deliver_to="s3://uploads/out/").check()
    rule(deliver_to="s3://uploads/in/", output="{slug}.webm").check()


def test_an_account_of_azure_that_is_not_named_makes_no_loop_possible():
    made = rule("abfs://box@account.dfs.core.windows.net/in/", deliver_to="az://box/in/")
    with pytest.raises(TriggerRuleError, match="starts a job again"):
        made.check()


def test_renditions_make_no_loop_possible():
    request = rule(deliver_to="s3://uploads/out/film.mp4").job_of(Created("s3://uploads/in/a.mp4", "1"))
    with pytest.raises(TriggerRuleError):
        check_loops(request, [rule("s3://uploads/out/")])


@pytest.mark.parametrize(
    ("escaped", "key"),
    [
        ("in/gr%C3%B6%C3%9Fe+1.mp4", "in/größe 1.mp4"),
        ("in/e%CC%81te%CC%81.mp4", "in/e\u0301te\u0301.mp4"),
        ("in/%E6%98%A0%E7%94%BB%E3%80%80.mp4", "in/映画\u3000.mp4"),
        ("in/%252e%252e%252fb.mp4", "in/%2e%2e%2fb.mp4"),
    ],
)
def test_keys_in_any_script_are_taken_letter_by_letter_and_named_so_in_jobs(escaped, key):
    [created] = created_by(json.dumps({"Records": [s3_record(key=escaped)]}).encode(), JSON)
    assert created.key == key
    rule = Rule("s3://amzn-s3-demo-bucket/in/", (".mp4",), {"target": "{address}", "output": "{slug}.mp4"})
    assert rule.matches(created.address)
    assert rule.job_of(created).target == f"s3://amzn-s3-demo-bucket/{key}"


@pytest.mark.parametrize("escaped", ["in/%FF.mp4", "in/a%0Ab.mp4", "in/%E2%80%AEb.mp4", "in/a%00.mp4", "in/\ud800.mp4"])
def test_keys_that_hide_something_or_are_no_text_are_refused(escaped):
    with pytest.raises(TriggerEventError):
        created_by(json.dumps({"Records": [s3_record(key=escaped)]}).encode(), JSON)


def test_a_key_that_leads_up_starts_no_job():
    created = Created("s3://bucket/in/../other/a.mp4", "1")
    rule = Rule("s3://bucket/in/", (), {"target": "{address}", "output": "a.mp4"})
    with pytest.raises(StorageAddressError):
        parsed_address(rule.job_of(created).target)
