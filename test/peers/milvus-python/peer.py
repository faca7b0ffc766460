"""What Milvus' official Python client sees of a server: each function is one test. Prints a line for each that passes."""

import logging
import os
import sys

from pymilvus import MilvusClient

import fields
import geometries
import ordinary
import snapshots
import structs
import times

# The client reports each refusal that a test expects.
logging.disable(logging.CRITICAL)

URI = os.environ["PEER_URI"]


def clean(client):
    for database in client.list_databases():
        client.use_database(database)
        for collection in client.list_collections():
            for alias in client.list_aliases(collection)["aliases"]:
                client.drop_alias(alias)
            client.drop_collection(collection)
        if database != "default":
            client.drop_database(database)
    client.use_database("default")


def main():
    client = MilvusClient(uri=URI)
    failed = 0
    for test in [*ordinary.TESTS, *snapshots.TESTS, *times.TESTS, *fields.TESTS, *geometries.TESTS, *structs.TESTS]:
        try:
            clean(client)
            test(client)
            print(f"pass {test.__name__}", flush=True)
        except Exception as error:  # noqa: BLE001: the others are to be tried as well
            failed += 1
            print(f"FAIL {test.__name__}: {type(error).__name__}: {error}", flush=True)
            if "--trace" in sys.argv:
                import traceback

                traceback.print_exc()
    sys.exit(1 if failed else 0)


main()
