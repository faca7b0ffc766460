"""Geometries: what is taken, and how filters find them."""

from pymilvus import DataType

from ordinary import refused

NAME = "geometries"
SQUARE = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"
BOWTIE = "POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))"
ROWS = ["POINT (5 5)", "LINESTRING (-5 5, 15 5)", SQUARE, "POINT (10 5)", None, "POINT (50 50)", BOWTIE]


def make(client):
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("g", DataType.GEOMETRY, nullable=True)
    index = client.prepare_index_params()
    index.add_index("v", index_type="FLAT", metric_type="L2")
    index.add_index("g", index_type="RTREE")
    client.create_collection(NAME, schema=schema, index_params=index)
    client.insert(NAME, [{"id": n, "v": [n, 0], "g": g} for n, g in enumerate(ROWS)])


def ids(client, text, **options):
    return [row["id"] for row in client.query(NAME, filter=text, output_fields=["id"], **options)]


def geometries_are_found(client):
    make(client)
    assert [row["g"] for row in client.query(NAME, filter="id >= 0", output_fields=["g"])] == ROWS
    assert ids(client, f"st_within(g, '{SQUARE}') and st_isvalid(g)") == [0, 2]
    assert ids(client, "ST_CONTAINS(g, 'POINT (1 5)') and st_isvalid(g)") == [1, 2]
    assert ids(client, f"st_touches(g, '{SQUARE}')") == [3]
    assert ids(client, f"st_crosses(g, '{SQUARE}')") == [1]
    assert ids(client, "st_equals(g, {place})", filter_params={"place": "POINT (50 50)"}) == [5]
    assert ids(client, "st_overlaps(g, 'POLYGON ((5 5, 20 5, 20 20, 5 20, 5 5))') and st_isvalid(g)") == [2]
    assert ids(client, "st_dwithin(g, 'POINT (50 51)', 112000)") == [5]
    assert ids(client, "not st_isvalid(g)") == [6]
    [hits] = client.search(NAME, data=[[5, 0]], filter=f"st_intersects(g, '{SQUARE}') and id < 4", limit=2)
    assert [hit["id"] for hit in hits] == [3, 2]
    client.delete(NAME, filter=f"st_intersects(g, '{SQUARE}')")
    assert ids(client, "id >= 0") == [4, 5]


def what_is_no_geometry_is_refused(client):
    make(client)
    for wrong in ("POINT (1)", "POLYGON ((0 0, 1 0, 1 1, 0 1))", ""):
        code, text = refused(client.insert, NAME, [{"id": 9, "v": [0, 0], "g": wrong}])
        assert code == 1100 and "syntax error" in text
    code, text = refused(client.query, NAME, filter="st_within(g, 'AREA')")
    assert code == 1100 and "cannot parse expression" in text


TESTS = [geometries_are_found, what_is_no_geometry_is_refused]
