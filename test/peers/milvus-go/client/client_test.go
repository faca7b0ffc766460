// Plays Milvus' official Go client against a running server. PEER_ADDRESS is where it speaks Milvus' gRPC API.
package client

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/milvus-io/milvus/client/v2/column"
	"github.com/milvus-io/milvus/client/v2/entity"
	"github.com/milvus-io/milvus/client/v2/index"
	"github.com/milvus-io/milvus/client/v2/milvusclient"
)

const total = 50

func connect(t *testing.T) (*milvusclient.Client, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	client, err := milvusclient.New(ctx, &milvusclient.ClientConfig{Address: os.Getenv("PEER_ADDRESS")})
	must(t, err)
	t.Cleanup(func() {
		client.Close(ctx)
		cancel()
	})
	return client, ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A collection with rows 0..total-1; row n lies at (n, 1).
func filled(t *testing.T, name string) (*milvusclient.Client, context.Context) {
	t.Helper()
	client, ctx := connect(t)
	schema := entity.NewSchema().WithName(name).WithDynamicFieldEnabled(true).
		WithField(entity.NewField().WithName("id").WithDataType(entity.FieldTypeInt64).WithIsPrimaryKey(true)).
		WithField(entity.NewField().WithName("place").WithDataType(entity.FieldTypeFloatVector).WithDim(2)).
		WithField(entity.NewField().WithName("title").WithDataType(entity.FieldTypeVarChar).WithMaxLength(64))
	must(t, client.CreateCollection(ctx, milvusclient.NewCreateCollectionOption(name, schema).WithIndexOptions(
		milvusclient.NewCreateIndexOption(name, "place", index.NewHNSWIndex(entity.L2, 8, 64)))))
	t.Cleanup(func() { client.DropCollection(context.Background(), milvusclient.NewDropCollectionOption(name)) })

	ids, titles, groups := make([]int64, total), make([]string, total), make([]int64, total)
	places := make([][]float32, total)
	for n := range ids {
		ids[n], titles[n], groups[n] = int64(n), fmt.Sprintf("row %d", n), int64(n%5)
		places[n] = []float32{float32(n), 1}
	}
	result, err := client.Insert(ctx, milvusclient.NewColumnBasedInsertOption(name).
		WithInt64Column("id", ids).WithVarcharColumn("title", titles).WithFloatVectorColumn("place", 2, places).
		WithColumns(column.NewColumnInt64("group", groups)))
	must(t, err)
	if result.InsertCount != total {
		t.Fatalf("%d rows were inserted", result.InsertCount)
	}
	load, err := client.LoadCollection(ctx, milvusclient.NewLoadCollectionOption(name))
	must(t, err)
	must(t, load.Await(ctx))
	return client, ctx
}

func count(t *testing.T, client *milvusclient.Client, ctx context.Context, name string) int64 {
	t.Helper()
	found, err := client.Query(ctx, milvusclient.NewQueryOption(name).WithOutputFields("count(*)").
		WithConsistencyLevel(entity.ClStrong))
	must(t, err)
	value, err := found.GetColumn("count(*)").GetAsInt64(0)
	must(t, err)
	return value
}

func TestServer(t *testing.T) {
	client, ctx := connect(t)
	version, err := client.GetServerVersion(ctx, milvusclient.NewGetServerVersionOption())
	must(t, err)
	if version == "" {
		t.Fatal("the server has no version")
	}
}

func TestCollectionIsDescribedAsItWasMade(t *testing.T) {
	client, ctx := filled(t, "described")
	collection, err := client.DescribeCollection(ctx, milvusclient.NewDescribeCollectionOption("described"))
	must(t, err)
	names := ""
	for _, field := range collection.Schema.Fields {
		names += field.Name + " "
	}
	if names != "id place title " || !collection.Schema.EnableDynamicField {
		t.Fatalf("the schema is %v", collection.Schema)
	}
	described, err := client.DescribeIndex(ctx, milvusclient.NewDescribeIndexOption("described", "place"))
	must(t, err)
	if params := described.Params(); params["index_type"] != "HNSW" || params["M"] != "8" {
		t.Fatalf("the index is %v", described.Params())
	}
	list, err := client.ListCollections(ctx, milvusclient.NewListCollectionOption())
	must(t, err)
	if len(list) != 1 || list[0] != "described" {
		t.Fatalf("the collections are %v", list)
	}
}

func TestRowsAreFoundChangedAndDeleted(t *testing.T) {
	client, ctx := filled(t, "rows")
	found, err := client.Query(ctx, milvusclient.NewQueryOption("rows").WithFilter(`group == 2 and id < 20`).
		WithOutputFields("title", "place"))
	must(t, err)
	if found.ResultCount != 4 {
		t.Fatalf("%d rows were found", found.ResultCount)
	}
	title, err := found.GetColumn("title").GetAsString(1)
	must(t, err)
	if title != "row 7" {
		t.Fatalf("the title is %q", title)
	}

	_, err = client.Upsert(ctx, milvusclient.NewColumnBasedInsertOption("rows").WithInt64Column("id", []int64{7, 70}).
		WithVarcharColumn("title", []string{"changed", "new"}).
		WithFloatVectorColumn("place", 2, [][]float32{{-5, 0}, {-6, 0}}).
		WithColumns(column.NewColumnInt64("group", []int64{9, 9})))
	must(t, err)
	if n := count(t, client, ctx, "rows"); n != total+1 {
		t.Fatalf("%d rows after an upsert", n)
	}
	deleted, err := client.Delete(ctx, milvusclient.NewDeleteOption("rows").WithExpr("group == 9"))
	must(t, err)
	if deleted.DeleteCount != 2 {
		t.Fatalf("%d rows were deleted", deleted.DeleteCount)
	}
	if n := count(t, client, ctx, "rows"); n != total-1 {
		t.Fatalf("%d rows after a delete", n)
	}
}

func TestSearches(t *testing.T) {
	client, ctx := filled(t, "searched")
	queries := []entity.Vector{entity.FloatVector{7, 1}, entity.FloatVector{0, 1}}
	sets, err := client.Search(ctx, milvusclient.NewSearchOption("searched", 2, queries).
		WithANNSField("place").WithFilter("id % 2 == 1").WithOutputFields("title"))
	must(t, err)
	if len(sets) != 2 {
		t.Fatalf("%d sets of hits", len(sets))
	}
	id, err := sets[0].IDs.GetAsInt64(0)
	must(t, err)
	if id != 7 || sets[0].Scores[0] != 0 || sets[0].Scores[1] != 4 {
		t.Fatalf("the first hit is %d, the scores are %v", id, sets[0].Scores)
	}
	title, err := sets[1].GetColumn("title").GetAsString(1)
	must(t, err)
	if title != "row 3" {
		t.Fatalf("the title is %q", title)
	}
	_, err = client.Search(ctx, milvusclient.NewSearchOption("searched", 2, queries).WithANNSField("no_such_field"))
	if err == nil {
		t.Fatal("a field that is not there was searched")
	}
}

func TestPartitionsAliasesAndDatabases(t *testing.T) {
	client, ctx := filled(t, "parted")
	must(t, client.CreatePartition(ctx, milvusclient.NewCreatePartitionOption("parted", "north")))
	_, err := client.Insert(ctx, milvusclient.NewColumnBasedInsertOption("parted").WithPartition("north").
		WithInt64Column("id", []int64{100}).WithVarcharColumn("title", []string{"pole"}).
		WithFloatVectorColumn("place", 2, [][]float32{{0, 90}}))
	must(t, err)
	found, err := client.Query(ctx, milvusclient.NewQueryOption("parted").WithPartitions("north").
		WithFilter("id >= 0").WithOutputFields("title"))
	must(t, err)
	if found.ResultCount != 1 {
		t.Fatalf("%d rows in the partition", found.ResultCount)
	}
	partitions, err := client.ListPartitions(ctx, milvusclient.NewListPartitionOption("parted"))
	must(t, err)
	if len(partitions) != 2 {
		t.Fatalf("the partitions are %v", partitions)
	}

	must(t, client.CreateAlias(ctx, milvusclient.NewCreateAliasOption("parted", "other")))
	if n := count(t, client, ctx, "other"); n != total+1 {
		t.Fatalf("%d rows by the alias", n)
	}
	must(t, client.DropAlias(ctx, milvusclient.NewDropAliasOption("other")))

	must(t, client.CreateDatabase(ctx, milvusclient.NewCreateDatabaseOption("attic")))
	must(t, client.UseDatabase(ctx, milvusclient.NewUseDatabaseOption("attic")))
	list, err := client.ListCollections(ctx, milvusclient.NewListCollectionOption())
	must(t, err)
	if len(list) != 0 {
		t.Fatalf("the new database has %v", list)
	}
	must(t, client.UseDatabase(ctx, milvusclient.NewUseDatabaseOption("default")))
	must(t, client.DropDatabase(ctx, milvusclient.NewDropDatabaseOption("attic")))
}
