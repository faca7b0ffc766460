"""Shards that Qdrant's own library wrote before 1.19, in archives of a collection: what is restored is what the library answers."""

import io
import json
import os
import struct
import tarfile
import tempfile
import urllib.error
import urllib.request

import qdrant_edge as q

URL = os.environ["PEER_URL"]
Op = q.UpdateOperation


def call(method, path, body, kind="application/json"):
    request = urllib.request.Request(URL + path, body, {"content-type": kind}, method=method)
    try:
        return json.load(urllib.request.urlopen(request, timeout=120))["result"]
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{path}: {error.read().decode()[:1_000]}") from error


def number(value, i):
    return struct.unpack("f", struct.pack("f", ((i * 37 + value * 11) % 101 - 50) / 32))[0]


def vectors(i):
    dense = [number(k, i) for k in range(8)]
    many = [[number(k + row, i) for k in range(3)] for row in range(1 + i % 4)]
    words = q.SparseVector([i, i + 7, 1_000_000 + i], [1.5, -2.0, 0.25])
    given = {"unit": dense, "half": dense, "many": many, "words": words}
    return {name: vector for k, (name, vector) in enumerate(given.items()) if (i + k) % 5}


def payload(i):
    return {"n": i, "kind": f"k{i % 5}", "text": "ä漢🎈" * (i % 40), "list": [None, True, {"deep": [i]}]}


def config():
    dense = q.EdgeVectorParams
    max_sim = q.MultiVectorConfig(q.MultiVectorComparator.MaxSim)
    return q.EdgeConfig(
        vectors={
            "unit": dense(8, q.Distance.Cosine),
            "half": dense(8, q.Distance.Euclid, on_disk=True, datatype=q.VectorStorageDatatype.Float16),
            "many": dense(3, q.Distance.Dot, multivector_config=max_sim),
        },
        sparse_vectors={"words": q.EdgeSparseVectorParams()},
        optimizers=q.EdgeOptimizersConfig(indexing_threshold=1, default_segment_number=1),
    )


def is_kind(kind):
    return q.Filter(must=[q.FieldCondition(key="kind", match=q.MatchValue(value=kind))])


def write(shard, optimized):
    points = [q.Point(i, vectors(i), payload(i)) for i in range(1, 601)]
    shard.update(Op.upsert_points(points))
    shard.update(Op.delete_points(list(range(10, 600, 13))))
    shard.flush()
    if optimized:
        assert shard.optimize()
    shard.update(Op.upsert_points([q.Point(i, vectors(i + 1), {"again": i}) for i in range(10, 60, 13)]))
    shard.update(Op.set_payload_by_filter(is_kind("k1"), {"seen": True}))
    shard.update(Op.delete_points_by_filter(is_kind("k2")))
    shard.update(Op.delete_vectors_by_filter(is_kind("k3"), ["unit", "words"]))
    shard.flush()


def answers(shard):
    records, _ = shard.scroll(q.ScrollRequest(limit=10_000, with_payload=True, with_vector=True))
    return {record.id: (record.payload, plain(record.vector)) for record in records}


def plain(given):
    sparse = q.SparseVector
    return {n: dict(zip(v.indices, v.values)) if isinstance(v, sparse) else v for n, v in given.items()}


def archive(folder, hides_segments):
    params = {
        "vectors": {
            "unit": {"size": 8, "distance": "Cosine"},
            "half": {"size": 8, "distance": "Euclid", "datatype": "float16", "on_disk": True},
            "many": {"size": 3, "distance": "Dot", "multivector_config": {"comparator": "max_sim"}},
        },
        "sparse_vectors": {"words": {}},
        "shard_number": 1,
    }
    files = {
        "config.json": {"params": params, "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0}},
        "0/shard_config.json": {"type": "ReplicaSet"},
        "0/replica_state.json": {"is_local": True, "this_peer_id": 1, "peers": {"1": "Active"}},
    }
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, value in files.items():
            body = json.dumps(value).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
        for part in ["segments", "wal"]:
            tar.add(f"{folder}/{part}", f"0/{part}", recursive=not (hides_segments and part == "segments"))
    return target.getvalue()


def restore(body):
    head = b'--B\r\nContent-Disposition: form-data; name="snapshot"; filename="a"\r\n\r\n'
    form = head + body + b"\r\n--B--\r\n"
    call("POST", "/collections/peer/snapshots/upload?wait=true", form, "multipart/form-data; boundary=B")
    ask = json.dumps({"limit": 10_000, "with_payload": True, "with_vector": True}).encode()
    points = call("POST", "/collections/peer/points/scroll", ask)["points"]
    sparse = lambda v: dict(zip(v["indices"], v["values"])) if isinstance(v, dict) else v
    return {p["id"]: (p["payload"], {n: sparse(v) for n, v in p["vector"].items()}) for p in points}


def near(here, there):
    if isinstance(there, dict):
        return here.keys() == there.keys() and all(near(here[k], there[k]) for k in there)
    if isinstance(there, list):
        return len(here) == len(there) and all(map(near, here, there))
    return abs(here - there) <= 1e-6


for optimized in [False, True]:
    with tempfile.TemporaryDirectory() as folder:
        shard = q.EdgeShard.create(folder, config())
        write(shard, optimized)
        expected = answers(shard)
        shard.close()
        for hides_segments in [False, True]:
            found = restore(archive(folder, hides_segments))
            assert len(expected) > 400 and found.keys() == expected.keys(), (len(found), len(expected))
            for point, (payload_there, vectors_there) in expected.items():
                assert found[point][0] == payload_there, (point, found[point][0], payload_there)
                assert near(found[point][1], vectors_there), (point, found[point][1], vectors_there)
            of = "an optimized shard" if optimized else "a shard"
            print(f"pass {of}{', of its log alone' if hides_segments else ''}")
