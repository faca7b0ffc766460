"""Ordinary work: every type of field, indexes, searches, changes, partitions, aliases, databases, users."""

import numpy as np
from pymilvus import (
    AnnSearchRequest,
    DataType,
    Function,
    FunctionType,
    MilvusClient,
    MilvusException,
    RRFRanker,
    WeightedRanker,
)

NAME = "ordinary"
TOTAL = 60


def refused(call, *arguments, **options):
    """The code and text of what must be refused."""
    try:
        call(*arguments, **options)
    except MilvusException as error:
        return error.code, error.message
    raise AssertionError(f"{call.__name__} was accepted")


def row(n):
    return {
        "id": 2**62 + n,
        "dense": [float(n), 1.0, 0.5],
        "half": np.array([n, 1], dtype=np.float16),
        "bytes": np.array([n, -n], dtype=np.int8),
        "bits": bytes([n, 255 - n]),
        "words": {n: 1.0, 2**31: 0.5},
        "flag": n % 2 == 0,
        "i8": -n,
        "i16": 300 + n,
        "i32": 70_000 + n,
        "f32": n + 0.25,
        "f64": n / 3,
        "text": f"row {n} ä",
        "maybe": None if n % 4 == 0 else n,
        "doc": {"city": ["Berlin", "London"][n % 2], "deep": {"list": [n, None, "x"], "flag": True}},
        "tags": [] if n % 3 == 0 else [f"t{n % 3}", "all"],
        "numbers": [n, -n, 2**40 + n],
        "extra": {"a": [n]},
        "level": n * 1.5,
    }


def make(client, name=NAME, rows=TOTAL):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True, description="Every type")
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=3)
    schema.add_field("half", DataType.FLOAT16_VECTOR, dim=2)
    schema.add_field("bytes", DataType.INT8_VECTOR, dim=2)
    schema.add_field("bits", DataType.BINARY_VECTOR, dim=16)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("flag", DataType.BOOL)
    schema.add_field("i8", DataType.INT8)
    schema.add_field("i16", DataType.INT16)
    schema.add_field("i32", DataType.INT32)
    schema.add_field("f32", DataType.FLOAT)
    schema.add_field("f64", DataType.DOUBLE)
    schema.add_field("text", DataType.VARCHAR, max_length=64)
    schema.add_field("maybe", DataType.INT64, nullable=True)
    schema.add_field("given", DataType.VARCHAR, max_length=16, default_value="nothing")
    schema.add_field("doc", DataType.JSON)
    schema.add_field("tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=8, max_length=16)
    schema.add_field("numbers", DataType.ARRAY, element_type=DataType.INT64, max_capacity=8)
    indexes = client.prepare_index_params()
    indexes.add_index("dense", index_type="HNSW", metric_type="L2", params={"M": 8, "efConstruction": 64})
    indexes.add_index("half", index_type="IVF_FLAT", metric_type="COSINE", params={"nlist": 16})
    indexes.add_index("bytes", index_type="AUTOINDEX", metric_type="IP")
    indexes.add_index("bits", index_type="BIN_FLAT", metric_type="HAMMING")
    indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    indexes.add_index("i32", index_type="STL_SORT")
    client.create_collection(name, schema=schema, index_params=indexes)
    done = client.insert(name, [row(n) for n in range(rows)])
    assert done["insert_count"] == rows, done


def numbers(client, condition, name=NAME):
    found = client.query(name, filter=condition, output_fields=["id"])
    return sorted(one["id"] - 2**62 for one in found)


def count(client, name=NAME, **options):
    return client.query(name, filter="", output_fields=["count(*)"], **options)[0]["count(*)"]


def schemas_come_back(client):
    make(client)
    described = client.describe_collection(NAME)
    assert [field["name"] for field in described["fields"]] == [
        "id", "dense", "half", "bytes", "bits", "words", "flag", "i8", "i16", "i32", "f32", "f64",
        "text", "maybe", "given", "doc", "tags", "numbers",
    ], described  # fmt: skip
    assert described["enable_dynamic_field"] and described["description"] == "Every type", described
    by_name = {field["name"]: field for field in described["fields"]}
    assert by_name["dense"]["params"] == {"dim": 3}, by_name["dense"]
    assert by_name["tags"]["params"] == {"max_length": 16, "max_capacity": 8}, by_name["tags"]
    assert by_name["maybe"]["nullable"], by_name["maybe"]
    assert sorted(client.list_indexes(NAME)) == ["bits", "bytes", "dense", "half", "i32", "words"]
    index = client.describe_index(NAME, "dense")
    assert (index["index_type"], index["metric_type"], index["M"]) == ("HNSW", "L2", "8"), index
    assert client.get_load_state(NAME)["state"].name == "Loaded"


def rows_of_every_type_come_back(client):
    make(client)
    (found,) = client.query(NAME, filter=f"id == {2**62 + 5}", output_fields=["*"])
    wanted = row(5)
    assert found["given"] == "nothing" and found["maybe"] == 5, found
    assert np.array_equal(found["dense"], np.array(wanted["dense"], dtype=np.float32)), found["dense"]
    half = found["half"][0] if isinstance(found["half"], list) else found["half"]
    assert np.array_equal(np.frombuffer(half, dtype=np.float16), wanted["half"]), found["half"]
    whole = found["bytes"][0] if isinstance(found["bytes"], list) else found["bytes"]
    assert np.array_equal(np.frombuffer(whole, dtype=np.int8), wanted["bytes"]), found["bytes"]
    bits = found["bits"][0] if isinstance(found["bits"], list) else found["bits"]
    assert bits == wanted["bits"], found["bits"]
    for name in ("flag", "i8", "i16", "i32", "f32", "f64", "text", "doc", "tags", "numbers", "words", "extra", "level"):
        assert found[name] == wanted[name], (name, found[name], wanted[name])
    assert client.get(NAME, ids=[2**62 + 4], output_fields=["maybe"])[0]["maybe"] is None


def filters_choose(client):
    make(client)
    everyone = range(TOTAL)
    for condition, test in (
        ("flag == true", lambda n: n % 2 == 0),
        ("i8 in [-1, -2, -70]", lambda n: n in (1, 2)),
        ("i16 + 1 > 355", lambda n: n > 54),
        ("10 < f32 <= 12.25", lambda n: 10 <= n <= 12),
        ("maybe is null", lambda n: n % 4 == 0),
        ("maybe is not null and maybe < 4", lambda n: n in (1, 2, 3)),
        ('text like "row 1_ ä"', lambda n: 10 <= n <= 19),
        ('doc["city"] == "London" and i8 < -50', lambda n: n % 2 == 1 and n > 50),
        ('json_contains(doc["deep"]["list"], 7)', lambda n: n == 7),
        ('array_contains_any(tags, ["t1", "t9"])', lambda n: n % 3 == 1),
        ("numbers[1] < -57", lambda n: n > 57),
        ("level > 80", lambda n: n * 1.5 > 80),
        ('given != "nothing"', lambda n: False),
        ("i32 % 10 == 3 or i32 == 70000", lambda n: n % 10 == 3 or n == 0),
    ):
        found = numbers(client, condition)
        assert found == [n for n in everyone if test(n)], (condition, found)
    ids = client.query(NAME, filter="i8 in {some}", filter_params={"some": [-3, -4]}, output_fields=["i8"])
    assert [one["i8"] for one in ids] == [-3, -4], ids
    code, text = refused(client.query, NAME, filter="i8 ==", output_fields=["id"])
    assert code == 1100 and "cannot parse expression" in text, (code, text)


def searches_find_the_nearest(client):
    make(client)
    for field, query, best in (
        ("dense", [7.1, 1.0, 0.5], 7),
        ("half", np.array([0, 1], dtype=np.float16), 0),
        ("bytes", np.array([1, 0], dtype=np.int8), TOTAL - 1),
        ("bits", bytes([9, 246]), 9),
        ("words", {11: 3.0, 2**31: 0.1}, 11),
    ):
        (hits,) = client.search(NAME, data=[query], anns_field=field, limit=3, output_fields=["text"])
        assert hits[0]["id"] == 2**62 + best, (field, hits)
        assert hits[0]["entity"]["text"] == f"row {best} ä", hits
    first, second = client.search(
        NAME, data=[[0.0, 1.0, 0.5], [50.0, 1.0, 0.5]], anns_field="dense", limit=2, filter="flag == false"
    )
    assert [hit["id"] - 2**62 for hit in first] == [1, 3], first
    assert [hit["distance"] for hit in first] == [1.0, 9.0], first
    assert sorted(hit["id"] - 2**62 for hit in second) == [49, 51], second
    (ring,) = client.search(
        NAME,
        data=[[20.0, 1.0, 0.5]],
        anns_field="dense",
        limit=10,
        search_params={"params": {"radius": 10, "range_filter": 4}},
    )
    assert sorted(hit["id"] - 2**62 for hit in ring) == [17, 18, 22, 23], ring
    (groups,) = client.search(NAME, data=[[0.0, 1.0, 0.5]], anns_field="dense", limit=2, group_by_field="flag")
    assert [hit["id"] - 2**62 for hit in groups] == [0, 1], groups


def hybrid_searches_fuse(client):
    make(client)
    near = AnnSearchRequest(data=[[9.1, 1.0, 0.5]], anns_field="dense", param={}, limit=5)
    words = AnnSearchRequest(data=[{9: 1.0}], anns_field="words", param={}, limit=5)
    for ranker in (RRFRanker(), WeightedRanker(0.5, 0.5)):
        (hits,) = client.hybrid_search(NAME, [near, words], ranker, limit=3, output_fields=["f32"])
        assert hits[0]["id"] == 2**62 + 9 and hits[0]["entity"]["f32"] == 9.25, hits


def iterators_see_every_row_once(client):
    make(client)
    pages = client.query_iterator(NAME, filter="flag == true", batch_size=7, output_fields=["i8"])
    seen = []
    while page := pages.next():
        seen += [-one["i8"] for one in page]
    pages.close()
    assert seen == list(range(0, TOTAL, 2)), seen
    pages = client.search_iterator(NAME, data=[[0.0, 1.0, 0.5]], anns_field="dense", batch_size=11, limit=TOTAL)
    seen = []
    while page := pages.next():
        seen += [hit["id"] - 2**62 for hit in page]
    pages.close()
    assert seen == list(range(TOTAL)), seen


def make_texts(client, name):
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True, auto_id=True)
    schema.add_field("text", DataType.VARCHAR, max_length=200, enable_analyzer=True, enable_match=True)
    schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(
        Function(name="bm25", function_type=FunctionType.BM25, input_field_names=["text"], output_field_names=["terms"])
    )
    indexes = client.prepare_index_params()
    indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection(name, schema=schema, index_params=indexes)
    texts = ["a snapshot of a collection", "vectors lie in segments", "each snapshot has a name; a snapshot is kept"]
    done = client.insert(name, [{"text": text} for text in texts])
    assert len(set(done["ids"])) == 3, done
    return texts


def full_text_is_found(client):
    texts = make_texts(client, NAME)
    (hits,) = client.search(NAME, data=["snapshot"], anns_field="terms", limit=3, output_fields=["text"])
    assert {hit["entity"]["text"] for hit in hits} == {texts[0], texts[2]}, hits
    assert all(hit["distance"] > 0 for hit in hits), hits
    matched = client.query(NAME, filter="text_match(text, 'segments')", output_fields=["text"])
    assert [one["text"] for one in matched] == [texts[1]], matched


def changes_are_seen(client):
    make(client)
    done = client.upsert(NAME, [{**row(3), "i8": 99}, row(TOTAL)])
    assert done["upsert_count"] == 2 and count(client) == TOTAL + 1, done
    assert numbers(client, "i8 == 99") == [3]
    assert client.delete(NAME, ids=[2**62 + 3, 2**62 + TOTAL])["delete_count"] == 2
    client.delete(NAME, filter="i8 in [-4, -5]")
    assert count(client) == TOTAL - 3
    code, text = refused(client.insert, NAME, [{**row(70), "text": "x" * 65}])
    assert code == 1100 and "exceeds" in text, (code, text)
    client.flush(NAME)
    assert client.get_collection_stats(NAME)["row_count"] == TOTAL - 3
    client.compact(NAME)


def partitions_hold_their_rows(client):
    make(client)
    client.create_partition(NAME, "north")
    client.insert(NAME, [row(n) for n in range(100, 105)], partition_name="north")
    assert sorted(client.list_partitions(NAME)) == ["_default", "north"]
    assert count(client, partition_names=["north"]) == 5 and count(client) == TOTAL + 5
    assert client.get_partition_stats(NAME, "north")["row_count"] == 5
    client.release_partitions(NAME, ["north"])
    client.drop_partition(NAME, "north")
    assert count(client) == TOTAL and not client.has_partition(NAME, "north")


def partition_keys_divide(client):
    schema = client.create_schema()
    schema.add_field("id", DataType.VARCHAR, max_length=16, is_primary=True)
    schema.add_field("tenant", DataType.VARCHAR, max_length=16, is_partition_key=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    indexes = client.prepare_index_params()
    indexes.add_index("v", metric_type="COSINE")
    client.create_collection(NAME, schema=schema, index_params=indexes)
    client.insert(NAME, [{"id": f"k{n}", "tenant": f"t{n % 4}", "v": [1, n]} for n in range(20)])
    assert len(client.list_partitions(NAME)) == 16
    (hits,) = client.search(NAME, data=[[0, 1]], limit=20, filter='tenant == "t1"')
    assert [hit["id"] for hit in hits] == ["k17", "k13", "k9", "k5", "k1"], hits


def aliases_and_databases(client):
    make(client, rows=3)
    client.create_alias(NAME, "other")
    assert count(client, "other") == 3 and client.describe_alias("other")["collection_name"] == NAME
    assert client.list_aliases(NAME)["aliases"] == ["other"]
    client.create_collection("second", dimension=2)
    client.alter_alias("second", "other")
    assert count(client, "other") == 0
    client.drop_alias("other")
    client.create_database("attic")
    attic = MilvusClient(uri=client._config.uri, db_name="attic")
    attic.create_collection(NAME, dimension=2)
    attic.insert(NAME, [{"id": 1, "vector": [1, 2]}])
    assert (count(attic), count(client)) == (1, 3)
    assert attic.list_collections() == [NAME]
    attic.rename_collection(NAME, "renamed")
    assert attic.list_collections() == ["renamed"]
    attic.drop_collection("renamed")
    attic.close()
    client.drop_database("attic")
    assert client.list_databases() == ["default"]


def fields_and_properties_change(client):
    make(client, rows=2)
    client.add_collection_field(NAME, "later", DataType.INT64, nullable=True)
    client.upsert(NAME, [{**row(0), "later": 5}])
    found = client.query(NAME, filter="id > 0", output_fields=["later"])
    assert [one["later"] for one in found] == [5, None], found
    client.alter_collection_properties(NAME, {"collection.ttl.seconds": "86400"})
    assert client.describe_collection(NAME)["properties"]["collection.ttl.seconds"] == "86400"
    client.drop_collection_properties(NAME, ["collection.ttl.seconds"])
    assert "collection.ttl.seconds" not in client.describe_collection(NAME)["properties"]


TESTS = [
    schemas_come_back,
    rows_of_every_type_come_back,
    filters_choose,
    searches_find_the_nearest,
    hybrid_searches_fuse,
    iterators_see_every_row_once,
    full_text_is_found,
    changes_are_seen,
    partitions_hold_their_rows,
    partition_keys_divide,
    aliases_and_databases,
    fields_and_properties_change,
]
