"""Fields and functions of a collection that is there: added, dropped, and what the rows have of them."""

from pymilvus import DataType, FieldSchema, Function, FunctionType

from ordinary import refused

NAME = "fields"


def make(client):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("n", DataType.INT64, nullable=True)
    schema.add_field("text", DataType.VARCHAR, max_length=200, nullable=True, enable_analyzer=True)
    index = client.prepare_index_params()
    index.add_index("v", index_type="FLAT", metric_type="L2")
    index.add_index("n", index_type="STL_SORT")
    client.create_collection(NAME, schema=schema, index_params=index)
    texts = ["red green", None, "red red", "blue"]
    client.insert(NAME, [{"id": n, "v": [n, 0], "n": n, "text": text} for n, text in enumerate(texts)])


def a_field_is_dropped(client):
    make(client)
    client.drop_collection_field(NAME, "n")
    names = [field["name"] for field in client.describe_collection(NAME)["fields"]]
    assert names == ["id", "v", "text"]
    assert client.list_indexes(NAME) == ["v"]
    [row] = client.query(NAME, filter="id == 3", output_fields=["*"])
    assert row == {"id": 3, "v": [3, 0], "text": "blue"}
    client.insert(NAME, [{"id": 9, "v": [9, 0], "text": "new"}])
    code, text = refused(client.drop_collection_field, NAME, "v")
    assert code == 1100 and "last vector field" in text


def a_function_is_added_and_dropped(client):
    make(client)
    index = client.prepare_index_params()
    index.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    function = Function(
        name="full", function_type=FunctionType.BM25, input_field_names=["text"], output_field_names=["words"]
    )
    client.add_function_field(NAME, FieldSchema("words", DataType.SPARSE_FLOAT_VECTOR), function, index)
    client.load_collection(NAME)
    [hits] = client.search(NAME, data=["red"], anns_field="words", limit=5)
    assert [hit["id"] for hit in hits] == [2, 0]
    client.insert(NAME, [{"id": 9, "v": [9, 0], "text": "all red red red"}])
    [hits] = client.search(NAME, data=["red"], anns_field="words", limit=5)
    assert {hit["id"] for hit in hits} == {9, 2, 0}
    client.drop_function_field(NAME, "full")
    assert "words" not in [field["name"] for field in client.describe_collection(NAME)["fields"]]
    assert sorted(client.list_indexes(NAME)) == ["n", "v"]


def an_analyzer_is_run(client):
    result = client.run_analyzer("The quick brown Foxes", {"type": "english"}, with_detail=True)
    assert [token["token"] for token in result.tokens] == ["quick", "brown", "fox"]
    assert (result.tokens[2]["start_offset"], result.tokens[2]["end_offset"]) == (16, 21)
    make(client)
    assert client.run_analyzer(["A b"], collection_name=NAME, field_name="text")[0].tokens == ["a", "b"]


def there_is_one_resource_group(client):
    assert client.list_resource_groups() == ["__default_resource_group"]
    group = client.describe_resource_group("__default_resource_group")
    assert group.num_available_node == 1


TESTS = [
    a_field_is_dropped,
    a_function_is_added_and_dropped,
    an_analyzer_is_run,
    there_is_one_resource_group,
]
