"""What Milvus' guide to snapshots promises: its examples, with the calls of today's client and with those of the
guide's first edition, which knew a snapshot by its name alone."""

import datetime
import time

import grpc
from pymilvus import DataType, MilvusClient
from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc

from ordinary import count, make, make_texts, numbers, refused

FINAL = ("RestoreSnapshotCompleted", "RestoreSnapshotFailed")


class OldCalls:
    """The guide's first edition, on the wire: no collection beside a snapshot's name; a restore names its target."""

    def __init__(self, client):
        self.channel = grpc.insecure_channel(client._config.uri.removeprefix("http://"))
        self.stub = milvus_pb2_grpc.MilvusServiceStub(self.channel)

    def list_snapshots(self, collection_name=""):
        answer = self.stub.ListSnapshots(milvus_pb2.ListSnapshotsRequest(collection_name=collection_name))
        return list(good(answer).snapshots)

    def describe_snapshot(self, snapshot_name):
        return good(self.stub.DescribeSnapshot(milvus_pb2.DescribeSnapshotRequest(name=snapshot_name)))

    def restore_snapshot(self, snapshot_name, collection_name):
        request = milvus_pb2.RestoreSnapshotRequest(name=snapshot_name, collection_name=collection_name)
        return good(self.stub.RestoreSnapshot(request)).job_id

    def drop_snapshot(self, snapshot_name):
        answer = self.stub.DropSnapshot(milvus_pb2.DropSnapshotRequest(name=snapshot_name))
        assert answer.code == 0, answer


def good(answer):
    assert answer.status.code == 0, answer.status
    return answer


def wait(client, job_id):
    """The final state of a job, completed. Progress never goes back."""
    before = 0
    while True:
        state = client.get_restore_snapshot_state(job_id=job_id)
        assert state.progress >= before, (state.progress, before)
        before = state.progress
        if state.state in FINAL:
            assert state.state == "RestoreSnapshotCompleted", state.reason
            return state
        time.sleep(0.02)


def small(client, name, rows=20):
    client.create_collection(name, dimension=2, metric_type="L2")
    client.insert(name, [{"id": n, "vector": [n, 1], "n": n} for n in range(rows)])


def a_backup_is_made_described_and_restored(client):
    small(client, "my_collection")
    client.flush("my_collection")
    name = f"daily_backup_{datetime.date.today():%Y%m%d}"
    client.create_snapshot(snapshot_name=name, collection_name="my_collection", description="Of the day")
    client.delete("my_collection", filter="n < 10")
    assert client.list_snapshots(collection_name="my_collection") == [name]
    info = client.describe_snapshot(snapshot_name=name, collection_name="my_collection")
    assert (info.name, info.description, info.collection_name) == (name, "Of the day", "my_collection"), info
    assert list(info.partition_names) == ["_default"] and info.create_ts > 0 and info.s3_location, info

    job_id = client.restore_snapshot(name, "my_collection", "restored_collection")
    state = wait(client, job_id)
    assert (state.job_id, state.snapshot_name, state.progress) == (job_id, name, 100), state
    assert state.collection_name == "restored_collection" and state.time_cost > 0 and state.start_time > 0, state
    client.load_collection("restored_collection")
    assert (count(client, "restored_collection"), count(client, "my_collection")) == (20, 10)
    (hits,) = client.search("restored_collection", data=[[3.2, 1]], limit=2, output_fields=["n"])
    assert [hit["entity"]["n"] for hit in hits] == [3, 4], hits
    jobs = client.list_restore_snapshot_jobs(collection_name="restored_collection")
    assert [job.job_id for job in jobs] == [job_id], jobs
    assert job_id in [job.job_id for job in client.list_restore_snapshot_jobs()]
    client.drop_snapshot(name, "my_collection")
    client.drop_snapshot(name, "my_collection")
    assert client.list_snapshots(collection_name="my_collection") == []
    code, text = refused(client.describe_snapshot, name, "my_collection")
    assert code == 2600 and "not found" in text, (code, text)


def the_calls_of_the_first_edition_work(client):
    old = OldCalls(client)
    small(client, "my_collection")
    client.create_snapshot("backup_20240101", "my_collection", description="Of January 1st")
    client.delete("my_collection", filter="n < 10")
    assert old.list_snapshots("my_collection") == ["backup_20240101"]
    assert "backup_20240101" in old.list_snapshots()
    info = old.describe_snapshot("backup_20240101")
    assert info.collection_name == "my_collection" and info.description == "Of January 1st", info
    state = wait(client, old.restore_snapshot("backup_20240101", "restored_collection"))
    assert state.collection_name == "restored_collection", state
    client.load_collection("restored_collection")
    assert count(client, "restored_collection") == 20
    old.drop_snapshot("backup_20240101")
    assert old.list_snapshots("my_collection") == []


def versions_have_dotted_names(client):
    small(client, "ml_embeddings", 5)
    client.flush(collection_name="ml_embeddings")
    client.create_snapshot(collection_name="ml_embeddings", snapshot_name="v1.0_baseline", description="Baseline")
    client.insert("ml_embeddings", [{"id": n, "vector": [n, 0], "n": n} for n in range(5, 9)])
    client.flush(collection_name="ml_embeddings")
    client.create_snapshot(collection_name="ml_embeddings", snapshot_name="v1.1_improved", description="Improved")
    assert sorted(client.list_snapshots("ml_embeddings")) == ["v1.0_baseline", "v1.1_improved"]
    for name, target, rows in (("v1.0_baseline", "first", 5), ("v1.1_improved", "second", 9)):
        wait(client, client.restore_snapshot(name, "ml_embeddings", target))
        client.load_collection(target)
        assert count(client, target) == rows


def several_restores_run_at_once(client):
    small(client, "my_collection")
    for n in range(3):
        client.create_snapshot(f"snapshot_v{n}", "my_collection")
        client.delete("my_collection", filter=f"id == {n}")
    pending = {
        client.restore_snapshot(f"snapshot_v{n}", "my_collection", f"test_env_{n}"): 20 - n for n in range(3)
    }
    assert len(pending) == 3
    expected = dict(pending)
    while pending:
        for job_id in list(pending):
            if client.get_restore_snapshot_state(job_id=job_id).state in FINAL:
                del pending[job_id]
        time.sleep(0.02)
    jobs = {job.job_id: job for job in client.list_restore_snapshot_jobs()}
    for job_id, rows in expected.items():
        job = jobs[job_id]
        assert (job.state, job.progress) == ("RestoreSnapshotCompleted", 100), job
        client.load_collection(job.collection_name)
        assert count(client, job.collection_name) == rows, job


def pins_keep_a_snapshot(client):
    small(client, "my_collection")
    client.create_snapshot("pinned", "my_collection", compaction_protection_seconds=60)
    pins = [client.pin_snapshot_data("pinned", "my_collection", ttl_seconds=60) for _ in range(2)]
    assert len(set(pins)) == 2 and min(pins) > 0, pins
    for pin in pins:
        code, text = refused(client.drop_snapshot, "pinned", "my_collection")
        assert code == 2601 and "pin" in text, (code, text)
        client.unpin_snapshot_data(pin)
    client.unpin_snapshot_data(pins[0])
    client.drop_snapshot("pinned", "my_collection")


def every_type_survives(client):
    make(client, "source")
    client.create_partition("source", "north")
    client.create_snapshot("all_types", "source")
    wait(client, client.restore_snapshot("all_types", "source", "copy"))
    client.load_collection("copy")
    assert sorted(client.list_partitions("copy")) == ["_default", "north"]
    one, other = (client.query(name, filter="id > 0", output_fields=["*"]) for name in ("source", "copy"))
    assert len(one) == len(other) == 60
    for left, right in zip(one, other):
        assert str(left) == str(right), (left, right)
    of, to = (client.describe_collection(name) for name in ("source", "copy"))
    assert of["fields"] == to["fields"] and of["properties"] == to["properties"], to
    assert of["consistency_level"] == to["consistency_level"], to
    for index in client.list_indexes("source"):
        left, right = (client.describe_index(name, index) for name in ("source", "copy"))
        for key in ("index_type", "metric_type", "field_name", "params"):
            assert left.get(key) == right.get(key), (left, right)
    assert numbers(client, "maybe is null", "copy") == numbers(client, "maybe is null", "source")


def what_can_not_be_done_is_refused(client):
    small(client, "my_collection", 2)
    client.create_snapshot("once", "my_collection")
    for call, arguments, options, code, text in (
        (client.create_snapshot, ("once", "my_collection"), {}, None, "already exists"),
        (client.create_snapshot, (" ", "my_collection"), {}, 1100, "snapshot name should be not empty"),
        (client.create_snapshot, ("x", "nobody"), {}, 100, "collection not found"),
        (client.create_snapshot, ("x", "my_collection"), {"compaction_protection_seconds": 604_801}, 1100, "exceed"),
        (client.pin_snapshot_data, ("once", "my_collection"), {"ttl_seconds": 2_592_001}, 1100, "exceeds maximum"),
        (client.pin_snapshot_data, ("never", "my_collection"), {}, 2600, "not found"),
        (client.restore_snapshot, ("never", "my_collection", "target"), {}, 2600, "not found"),
        (client.restore_snapshot, ("once", "nobody", "target"), {}, 100, "collection not found"),
        (client.restore_snapshot, ("once", "my_collection", "my_collection"), {}, None, "already exists"),
        (client.get_restore_snapshot_state, (999_999_999,), {}, None, "not found"),
    ):
        got = refused(call, *arguments, **options)
        assert text in got[1] and code in (None, got[0]), (call.__name__, arguments, got)
    assert client.list_collections() == ["my_collection"]


def snapshots_of_a_database_stay_there(client):
    client.create_database("attic")
    small(client, "twin", 3)
    attic = MilvusClient(uri=client._config.uri, db_name="attic")
    small(attic, "twin", 7)
    attic.create_snapshot("of_attic", "twin")
    assert attic.list_snapshots("twin") == ["of_attic"] and client.list_snapshots("twin") == []
    job_id = attic.restore_snapshot("of_attic", "twin", "out", target_db_name="default")
    assert wait(attic, job_id).db_name == "default"
    client.load_collection("out")
    assert count(client, "out") == 7 and not attic.has_collection("out")
    attic.close()


def indexes_come_back_as_they_were(client):
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    indexes = client.prepare_index_params()
    indexes.add_index("v", index_name="by_v", index_type="IVF_FLAT", metric_type="IP", params={"nlist": 8})
    client.create_collection("indexed", schema=schema, index_params=indexes)
    client.insert("indexed", [{"id": n, "v": [n, 1]} for n in range(10)])
    client.create_snapshot("first", "indexed")
    client.release_collection("indexed")
    client.drop_index("indexed", "by_v")
    again = client.prepare_index_params()
    again.add_index("v", index_name="by_v", index_type="HNSW", metric_type="L2")
    client.create_index("indexed", again)
    client.create_snapshot("second", "indexed")
    for snapshot, index_type, metric, best in (("first", "IVF_FLAT", "IP", 9), ("second", "HNSW", "L2", 4)):
        wait(client, client.restore_snapshot(snapshot, "indexed", f"from_{snapshot}"))
        index = client.describe_index(f"from_{snapshot}", "by_v")
        assert (index["index_type"], index["metric_type"]) == (index_type, metric), index
        client.load_collection(f"from_{snapshot}")
        (hits,) = client.search(f"from_{snapshot}", data=[[4, 1]], limit=1)
        assert hits[0]["id"] == best, (snapshot, hits)


def full_text_comes_back(client):
    texts = make_texts(client, "texts")
    client.create_snapshot("words", "texts")
    client.delete("texts", filter="id > 0")
    wait(client, client.restore_snapshot("words", "texts", "texts_again"))
    client.load_collection("texts_again")
    client.insert("texts_again", [{"text": "one more snapshot"}])
    (hits,) = client.search("texts_again", data=["snapshot"], anns_field="terms", limit=5, output_fields=["text"])
    assert {hit["entity"]["text"] for hit in hits} == {texts[0], texts[2], "one more snapshot"}, hits


TESTS = [
    a_backup_is_made_described_and_restored,
    the_calls_of_the_first_edition_work,
    versions_have_dotted_names,
    several_restores_run_at_once,
    pins_keep_a_snapshot,
    every_type_survives,
    what_can_not_be_done_is_refused,
    snapshots_of_a_database_stay_there,
    indexes_come_back_as_they_were,
    full_text_comes_back,
]
