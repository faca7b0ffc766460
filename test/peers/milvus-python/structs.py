"""Arrays of structs: written, read, searched by lists and by single vectors, filtered, added, and restored."""

import numpy as np
from pymilvus import AnnSearchRequest, DataType, RRFRanker
from pymilvus.client.embedding_list import EmbeddingList

from ordinary import refused
from snapshots import wait

NAME = "structs"


def clip(n, at):
    """A struct whose first vector stands at `at` on a circle."""
    turn = [float(np.cos(at)), float(np.sin(at))]
    return {"title": f"t{n}", "n": n, "by_list": turn, "by_one": [float(n), 0.0]}


ROWS = [
    {"id": 1, "v": [1, 0], "clips": [clip(1, 0.0), clip(2, 1.0)]},
    {"id": 2, "v": [2, 0], "clips": [clip(3, 2.0)]},
    {"id": 3, "v": [3, 0], "clips": []},
    {"id": 4, "v": [4, 0], "clips": None},
    {"id": 5, "v": [5, 0], "clips": [clip(5, 0.1), clip(6, 1.1), clip(7, 3.0)]},
]


def make(client):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    struct = client.create_struct_field_schema()
    struct.add_field("title", DataType.VARCHAR, max_length=20)
    struct.add_field("n", DataType.INT64)
    struct.add_field("by_list", DataType.FLOAT_VECTOR, dim=2)
    struct.add_field("by_one", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field(
        "clips",
        DataType.ARRAY,
        element_type=DataType.STRUCT,
        struct_schema=struct,
        max_capacity=4,
        nullable=True,
    )
    index = client.prepare_index_params()
    index.add_index("v", index_type="FLAT", metric_type="L2")
    index.add_index("clips[by_list]", index_type="HNSW", metric_type="MAX_SIM_COSINE")
    index.add_index("clips[by_one]", index_type="HNSW", metric_type="L2")
    client.create_collection(NAME, schema=schema, index_params=index)
    client.insert(NAME, ROWS)


def close(given, expected):
    """Structs are equal, their vectors as far as 32 bits go."""
    if expected is None or given is None:
        return given is expected
    plain = lambda one: (one["title"], one["n"])
    vectors = lambda one: one["by_list"] + one["by_one"]
    return [plain(one) for one in given] == [plain(one) for one in expected] and all(
        np.allclose(vectors(a), vectors(b), atol=1e-6) for a, b in zip(given, expected)
    )


def check_rows(client, name=NAME):
    found = client.query(name, filter="id > 0", output_fields=["clips"])
    assert [row["id"] for row in found] == [1, 2, 3, 4, 5]
    for row, expected in zip(found, ROWS):
        assert close(row["clips"], expected["clips"]), row
    [row] = client.query(name, filter="id == 2", output_fields=["clips[n]"])
    assert row["clips"] == [{"n": 3}]


def check_searches(client, name=NAME):
    lists = EmbeddingList([np.array([1, 0], dtype=np.float32), np.array([0, 1], dtype=np.float32)])
    [hits] = client.search(name, [lists], anns_field="clips[by_list]", limit=5, output_fields=["clips[title]"])
    assert [hit["id"] for hit in hits] == [5, 1, 2]
    best = max(np.cos([0.1, 1.1, 3.0])) + max(np.sin([0.1, 1.1, 3.0]))
    assert abs(hits[0]["distance"] - best) < 1e-5
    assert [one["title"] for one in hits[1]["entity"]["clips"]] == ["t1", "t2"]
    [hits] = client.search(name, [[4.9, 0]], anns_field="clips[by_one]", limit=3)
    assert [(hit["id"], hit["offset"]) for hit in hits] == [(5, 0), (5, 1), (2, 0)]
    odd = "id < 9 and element_filter(clips, $[n] % 2 == 1)"
    [hits] = client.search(name, [[4.9, 0]], anns_field="clips[by_one]", limit=3, filter=odd)
    assert [(hit["id"], hit["offset"]) for hit in hits] == [(5, 0), (2, 0), (5, 2)]
    requests = [
        AnnSearchRequest([[1, 0]], "v", {}, limit=3),
        AnnSearchRequest([lists], "clips[by_list]", {}, limit=3),
        AnnSearchRequest([[1, 0]], "clips[by_one]", {}, limit=3),
    ]
    [hits] = client.hybrid_search(name, requests, RRFRanker(), limit=3)
    assert hits[0]["id"] == 1 and len({hit["id"] for hit in hits}) == 3


def check_filters(client, name=NAME):
    def ids(filter):
        return [row["id"] for row in client.query(name, filter=filter, output_fields=["id"])]

    assert ids("match_any(clips, $[n] == 2 or $[title] == 't3')") == [1, 2]
    assert ids("match_all(clips, $[n] > 2)") == [2, 3, 4, 5]
    assert ids("MATCH_LEAST(clips, $[n] > 1, threshold=2)") == [5]
    assert ids("match_exact(clips, $[n] < 6, threshold=1)") == [2, 5]
    assert ids("clips[1][n] in [2, 6]") == [1, 5]
    assert ids("array_contains(clips[title], 't6') or array_length(clips) == 1") == [2, 5]
    assert ids("clips is null") == [4]
    found = client.query(name, filter="element_filter(clips, $[n] in [2, 3, 7])", output_fields=["id"])
    assert [(row["id"], row["offset"]) for row in found] == [(1, 1), (2, 0), (5, 2)]
    code, text = refused(client.query, name, filter="match_any(clips, $[x] == 1)", output_fields=["id"])
    assert code == 1100 and "struct field not found" in text


def arrays_of_structs(client):
    make(client)
    check_rows(client)
    check_searches(client)
    check_filters(client)


def an_array_of_structs_is_added(client):
    make(client)
    struct = client.create_struct_field_schema()
    struct.add_field("tag", DataType.VARCHAR, max_length=20)
    struct.add_field("look", DataType.FLOAT_VECTOR, dim=2)
    client.add_collection_struct_field(NAME, "tags", struct, max_capacity=4)
    tags = [{"tag": "red", "look": [1.0, 0.0]}]
    client.upsert(NAME, [{**ROWS[0], "tags": tags}])
    found = client.query(NAME, filter="id <= 2", output_fields=["tags"])
    assert [row["tags"] for row in found] == [tags, None]


def a_snapshot_has_arrays_of_structs(client):
    make(client)
    described = client.describe_collection(NAME)["fields"]
    client.create_snapshot("structs_then", NAME)
    client.delete(NAME, filter="match_any(clips, $[n] == 3)")
    assert [row["id"] for row in client.query(NAME, filter="id > 0", output_fields=["id"])] == [1, 3, 4, 5]
    wait(client, client.restore_snapshot("structs_then", NAME, "structs_again"))
    client.load_collection("structs_again")
    assert client.describe_collection("structs_again")["fields"] == described
    check_rows(client, "structs_again")
    check_searches(client, "structs_again")
    check_filters(client, "structs_again")


TESTS = [arrays_of_structs, an_array_of_structs_is_added, a_snapshot_has_arrays_of_structs]
