"""What Qdrant's official Python client sees of a server: each function is one test. Prints a line for each that passes."""

import os
import sys

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

NAME = "peers"
HOST = "127.0.0.1"
REST_PORT = int(os.environ["PEER_REST_PORT"])
GRPC_PORT = int(os.environ["PEER_GRPC_PORT"])


def connect(prefer_grpc):
    return QdrantClient(
        host=HOST, port=REST_PORT, grpc_port=GRPC_PORT, prefer_grpc=prefer_grpc, check_compatibility=True
    )


def fill(client):
    client.delete_collection(NAME)
    client.create_collection(
        NAME,
        vectors_config={
            "a": models.VectorParams(size=2, distance=models.Distance.DOT),
            "rows": models.VectorParams(
                size=2,
                distance=models.Distance.COSINE,
                multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
            ),
        },
        sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )
    points = [
        models.PointStruct(
            id=n,
            vector={
                "a": [float(n), 1.0],
                "rows": [[0.5, float(n)], [float(n), 0.5]],
                "words": models.SparseVector(indices=[n, 100], values=[1.0, 0.5]),
            },
            payload={"n": n, "city": ["Berlin", "London"][n % 2], "nested": {"deep": [n, None, "x"]}},
        )
        for n in range(1, 11)
    ]
    done = client.upsert(NAME, points, wait=True)
    assert done.status == models.UpdateStatus.COMPLETED, done
    client.create_payload_index(NAME, "n", models.PayloadSchemaType.INTEGER, wait=True)


def ids(points):
    return [point.id for point in points]


def reads_what_was_written(client):
    info = client.get_collection(NAME)
    assert info.points_count == 10 and info.status == models.CollectionStatus.GREEN, info
    assert info.payload_schema["n"].points == 10, info.payload_schema
    (point,) = client.retrieve(NAME, [3], with_payload=True, with_vectors=True)
    assert point.payload == {"n": 3, "city": "London", "nested": {"deep": [3, None, "x"]}}, point.payload
    assert point.vector["a"] == [3.0, 1.0], point.vector
    assert len(point.vector["rows"]) == 2, point.vector
    assert point.vector["words"].indices == [3, 100], point.vector


def scrolls_and_counts_with_filters(client):
    berlin = models.Filter(
        must=[models.FieldCondition(key="city", match=models.MatchValue(value="Berlin"))],
        must_not=[models.FieldCondition(key="n", range=models.Range(gt=7))],
    )
    page, following = client.scroll(NAME, scroll_filter=berlin, limit=2)
    assert (ids(page), following) == ([2, 4], 6), (page, following)
    assert client.count(NAME, count_filter=berlin).count == 3
    ordered, _ = client.scroll(NAME, limit=3, order_by=models.OrderBy(key="n", direction=models.Direction.DESC))
    assert ids(ordered) == [10, 9, 8], ordered


def searches_every_kind_of_vector(client):
    assert ids(client.query_points(NAME, [1.0, 0.0], using="a", limit=3).points) == [10, 9, 8]
    sparse = models.SparseVector(indices=[4], values=[1.0])
    assert ids(client.query_points(NAME, sparse, using="words", limit=3).points) == [4]
    best = client.query_points(NAME, [[0.5, 10.0], [10.0, 0.5]], using="rows", limit=1).points
    assert ids(best) == [10] and abs(best[0].score - 2) < 1e-5, best


def fuses_recommends_and_groups(client):
    fused = client.query_points(
        NAME,
        prefetch=[
            models.Prefetch(query=[1.0, 0.0], using="a", limit=3),
            models.Prefetch(query=models.SparseVector(indices=[9], values=[1.0]), using="words", limit=3),
        ],
        query=models.FusionQuery(fusion=models.Fusion.RRF),
        limit=3,
    ).points
    assert fused[0].id == 9, fused
    near = client.query_points(
        NAME, models.RecommendQuery(recommend=models.RecommendInput(positive=[10])), using="a", limit=2
    ).points
    assert ids(near) == [9, 8], near
    groups = client.query_points_groups(NAME, "city", query=[1.0, 0.0], using="a", limit=2, group_size=2).groups
    assert [(group.id, ids(group.hits)) for group in groups] == [("Berlin", [10, 8]), ("London", [9, 7])], groups


def changes_and_deletes(client):
    client.set_payload(NAME, {"seen": True}, points=[1], wait=True)
    client.delete_payload(NAME, ["city"], points=[1], wait=True)
    client.delete_vectors(NAME, ["a"], points=[1], wait=True)
    (point,) = client.retrieve(NAME, [1], with_vectors=True)
    assert point.payload["seen"] is True and "city" not in point.payload, point
    assert "a" not in point.vector and "rows" in point.vector, point
    client.delete(NAME, models.FilterSelector(filter=models.Filter(must=[models.HasIdCondition(has_id=[1, 2])])))
    assert client.count(NAME).count == 8


def says_what_is_missing(client):
    try:
        client.get_collection("nobody")
    except UnexpectedResponse as error:
        assert error.status_code == 404 and b"doesn't exist" in error.content, error
    except Exception as error:
        assert "NOT_FOUND" in str(error), error
    else:
        raise AssertionError("a collection that does not exist was found")


def restores_a_snapshot(client):
    snapshot = client.create_snapshot(NAME, wait=True)
    before = client.count(NAME).count
    client.delete(NAME, models.FilterSelector(filter=models.Filter()), wait=True)
    assert client.count(NAME).count == 0
    assert snapshot.name in [one.name for one in client.list_snapshots(NAME)]
    location = f"http://{HOST}:{REST_PORT}/collections/{NAME}/snapshots/{snapshot.name}"
    client.recover_snapshot(NAME, location, checksum=snapshot.checksum, wait=True)
    assert client.count(NAME).count == before > 0
    assert client.delete_snapshot(NAME, snapshot.name, wait=True)


def main():
    failed = 0
    tests = [
        reads_what_was_written,
        scrolls_and_counts_with_filters,
        searches_every_kind_of_vector,
        fuses_recommends_and_groups,
        changes_and_deletes,
        says_what_is_missing,
        restores_a_snapshot,
    ]
    for prefer_grpc in (False, True):
        client = connect(prefer_grpc)
        for test in tests:
            name = f"{'grpc' if prefer_grpc else 'rest'} {test.__name__}"
            try:
                fill(client)
                test(client)
                print(f"pass {name}", flush=True)
            except Exception as error:  # every test is tried, whatever the one before it met
                failed += 1
                print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)
        client.close()
    return 1 if failed else 0


sys.exit(main())
