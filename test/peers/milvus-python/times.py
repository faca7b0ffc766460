"""Timestamptz: zones, filters, what is answered of a restored collection."""

from pymilvus import DataType

from ordinary import refused
from snapshots import wait

NAME = "times"
SHANGHAI = {"timezone": "Asia/Shanghai"}


def make(client, **options):
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("at", DataType.TIMESTAMPTZ, nullable=True)
    index = client.prepare_index_params()
    index.add_index("v", index_type="FLAT", metric_type="L2")
    index.add_index("at", index_type="STL_SORT")
    client.create_collection(NAME, schema=schema, index_params=index, **options)
    moments = ["2024-12-31T22:00:00Z", "2025-01-01 06:00:00", "2025-05-30T23:46:05.125+05:30", None]
    client.insert(NAME, [{"id": n, "v": [n, 0], "at": at} for n, at in enumerate(moments)])


def ids(client, text, **options):
    return [row["id"] for row in client.query(NAME, filter=text, output_fields=["id"], **options)]


def times_are_told_on_clocks(client):
    make(client)
    client.alter_collection_properties(NAME, properties={"timezone": "America/New_York"})
    assert client.describe_collection(NAME)["properties"]["timezone"] == "America/New_York"
    rows = client.query(NAME, filter="id >= 0", output_fields=["at"])
    assert [row["at"] for row in rows] == [
        "2024-12-31T17:00:00-05:00",
        "2025-01-01T01:00:00-05:00",
        "2025-05-30T14:16:05.125-04:00",
        None,
    ]
    [hits] = client.search(NAME, data=[[2, 0]], limit=1, output_fields=["at"], **SHANGHAI)
    assert hits[0]["entity"]["at"] == "2025-05-31T02:16:05.125+08:00"
    [hits] = client.search(NAME, data=[[2, 0]], limit=1, output_fields=["at"], time_fields="year month")
    assert list(hits[0]["entity"]["at"]) == [2025, 5]
    code, text = refused(client.query, NAME, filter="id >= 0", timezone="Nowhere")
    assert code == 1100 and "IANA Time Zone" in text


def times_are_compared_in_filters(client):
    make(client)
    assert ids(client, "at == ISO '2024-12-31T17:00:00-05:00'") == [0]
    assert ids(client, "at == ISO '2025-01-01 06:00:00'") == [1]
    assert ids(client, "at == ISO '2025-01-01 06:00:00'", **SHANGHAI) == [0]
    assert ids(client, "ISO '2025-01-01T00:00:00Z' < at") == [1, 2]
    assert ids(client, "ISO '2024-01-01T00:00:00Z' < at < ISO '2025-02-01T00:00:00Z'") == [0, 1]
    assert ids(client, "at - INTERVAL 'P5M' > ISO '2024-12-30T00:00:00Z'") == [2]
    assert ids(client, "at is null") == [3]
    client.delete(NAME, filter="at < ISO '2025-02-01T00:00:00Z'")
    assert ids(client, "id >= 0") == [2, 3]


def times_keep_their_zone_in_a_restore(client):
    make(client, properties=SHANGHAI)
    client.create_snapshot(collection_name=NAME, snapshot_name="first")
    job = client.restore_snapshot(
        snapshot_name="first", source_collection_name=NAME, target_collection_name="again"
    )
    wait(client, job)
    client.load_collection("again")
    rows = client.query("again", filter="at == ISO '2025-01-01 06:00:00'", output_fields=["at"])
    assert [row["id"] for row in rows] == [0, 1]
    assert rows[0]["at"] == "2025-01-01T06:00:00+08:00"


TESTS = [times_are_told_on_clocks, times_are_compared_in_filters, times_keep_their_zone_in_a_restore]
