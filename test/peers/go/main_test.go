// Plays Qdrant's official Go client against a running server. PEER_PORT is its gRPC port.
package peer

import (
	"context"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const collection = "gophers"

func connect(t *testing.T) (*qdrant.Client, context.Context) {
	t.Helper()
	port, err := strconv.Atoi(os.Getenv("PEER_PORT"))
	if err != nil {
		t.Fatalf("PEER_PORT: %v", err)
	}
	client, err := qdrant.NewClient(&qdrant.Config{Host: "127.0.0.1", Port: port})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(func() {
		cancel()
		client.Close()
	})
	return client, ctx
}

func fresh(t *testing.T) (*qdrant.Client, context.Context) {
	t.Helper()
	client, ctx := connect(t)
	if exists, err := client.CollectionExists(ctx, collection); err != nil {
		t.Fatal(err)
	} else if exists {
		must(t, client.DeleteCollection(ctx, collection))
	}
	must(t, client.CreateCollection(ctx, &qdrant.CreateCollection{
		CollectionName: collection,
		VectorsConfig: qdrant.NewVectorsConfig(&qdrant.VectorParams{
			Size: 3, Distance: qdrant.Distance_Dot,
		}),
	}))
	return client, ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var payload = qdrant.NewValueMap(map[string]any{
	"largest": int64(math.MaxInt64),
	"whole":   int64(1),
	"double":  float64(1),
	"text":    "gopher",
	"flag":    false,
	"nothing": nil,
	"list":    []any{int64(-1), 0.5, "a", []any{}},
	"deep":    map[string]any{"er": map[string]any{}},
})

func fill(t *testing.T, client *qdrant.Client, ctx context.Context) {
	t.Helper()
	wait := true
	result, err := client.Upsert(ctx, &qdrant.UpsertPoints{
		CollectionName: collection,
		Wait:           &wait,
		Points: []*qdrant.PointStruct{
			{Id: qdrant.NewIDNum(math.MaxUint64), Vectors: qdrant.NewVectors(1, 0.1, -2.5), Payload: payload},
			{Id: qdrant.NewID("00000000-0000-4000-8000-000000000001"), Vectors: qdrant.NewVectors(0, 1, 0),
				Payload: qdrant.NewValueMap(map[string]any{"text": "mole", "whole": int64(2)})},
			{Id: qdrant.NewIDNum(0), Vectors: qdrant.NewVectorsMap(map[string]*qdrant.Vector{"": qdrant.NewVector(0, 0, 1)})},
		},
	})
	must(t, err)
	if result.GetStatus() != qdrant.UpdateStatus_Completed {
		t.Fatalf("status is %v", result.GetStatus())
	}
}

func TestHealth(t *testing.T) {
	client, ctx := connect(t)
	reply, err := client.HealthCheck(ctx)
	must(t, err)
	if reply.GetTitle() == "" || reply.GetVersion() == "" {
		t.Fatalf("reply is %v", reply)
	}
}

func TestPointsComeBackAsTheyWereSent(t *testing.T) {
	client, ctx := fresh(t)
	fill(t, client, ctx)
	points, err := client.Get(ctx, &qdrant.GetPoints{
		CollectionName: collection,
		Ids:            []*qdrant.PointId{qdrant.NewIDNum(math.MaxUint64), qdrant.NewIDNum(0)},
		WithPayload:    qdrant.NewWithPayload(true),
		WithVectors:    qdrant.NewWithVectors(true),
	})
	must(t, err)
	if len(points) != 2 {
		t.Fatalf("%d points", len(points))
	}
	for name, value := range payload {
		if !proto.Equal(points[0].GetPayload()[name], value) {
			t.Errorf("%s is %v, was %v", name, points[0].GetPayload()[name], value)
		}
	}
	data := points[0].GetVectors().GetVector().GetDense().GetData()
	if len(data) != 3 || data[1] != 0.1 || data[2] != -2.5 {
		t.Errorf("vector is %v", data)
	}
}

func TestQueriesAndFilters(t *testing.T) {
	client, ctx := fresh(t)
	fill(t, client, ctx)
	wait := true
	keyword := qdrant.FieldType_FieldTypeKeyword
	integer := qdrant.FieldType_FieldTypeInteger
	for field, kind := range map[string]qdrant.FieldType{"text": keyword, "whole": integer} {
		_, err := client.CreateFieldIndex(ctx, &qdrant.CreateFieldIndexCollection{
			CollectionName: collection, FieldName: field, FieldType: &kind, Wait: &wait,
		})
		must(t, err)
	}
	one := float64(1)
	for name, filter := range map[string]*qdrant.Filter{
		"keyword": {Must: []*qdrant.Condition{qdrant.NewMatchKeyword("text", "gopher")}},
		"id":      {Must: []*qdrant.Condition{qdrant.NewHasID(qdrant.NewIDNum(math.MaxUint64))}},
		"range":   {Must: []*qdrant.Condition{qdrant.NewRange("whole", &qdrant.Range{Lte: &one})}},
		"not":     {Must: []*qdrant.Condition{qdrant.NewMatchInt("largest", math.MaxInt64)}, MustNot: []*qdrant.Condition{qdrant.NewMatchBool("flag", true)}},
		"empty":   {MustNot: []*qdrant.Condition{qdrant.NewIsEmpty("deep")}},
	} {
		hits, err := client.Query(ctx, &qdrant.QueryPoints{
			CollectionName: collection,
			Query:          qdrant.NewQuery(1, 1, 1),
			Filter:         filter,
			WithPayload:    qdrant.NewWithPayloadInclude("text"),
		})
		must(t, err)
		if len(hits) != 1 || hits[0].GetId().GetNum() != math.MaxUint64 || len(hits[0].GetPayload()) != 1 {
			t.Errorf("%s: %v", name, hits)
		}
	}
	near, err := client.Query(ctx, &qdrant.QueryPoints{CollectionName: collection, Query: qdrant.NewQueryID(qdrant.NewIDNum(0))})
	must(t, err)
	if len(near) != 2 {
		t.Errorf("like a point: %v", near)
	}
	hits, err := client.Facet(ctx, &qdrant.FacetCounts{CollectionName: collection, Key: "text"})
	must(t, err)
	if len(hits) != 2 || hits[0].GetCount() != 1 {
		t.Errorf("facet: %v", hits)
	}
	groups, err := client.QueryGroups(ctx, &qdrant.QueryPointGroups{
		CollectionName: collection, Query: qdrant.NewQuery(1, 1, 1), GroupBy: "text",
	})
	must(t, err)
	if len(groups) != 2 || groups[0].GetId().GetStringValue() != "mole" {
		t.Errorf("groups: %v", groups)
	}
}

func TestPagesAndCounts(t *testing.T) {
	client, ctx := fresh(t)
	fill(t, client, ctx)
	limit := uint32(2)
	points, next, err := client.ScrollAndOffset(ctx, &qdrant.ScrollPoints{CollectionName: collection, Limit: &limit})
	must(t, err)
	if len(points) != 2 || next == nil {
		t.Fatalf("page is %v, then %v", points, next)
	}
	rest, err := client.Scroll(ctx, &qdrant.ScrollPoints{CollectionName: collection, Offset: next})
	must(t, err)
	if len(rest) != 1 {
		t.Errorf("rest is %v", rest)
	}
	count, err := client.Count(ctx, &qdrant.CountPoints{CollectionName: collection})
	must(t, err)
	if count != 3 {
		t.Errorf("count is %d", count)
	}
}

func TestPayloadChanges(t *testing.T) {
	client, ctx := fresh(t)
	fill(t, client, ctx)
	wait := true
	zero := qdrant.NewPointsSelector(qdrant.NewIDNum(0))
	key := "deep"
	_, err := client.SetPayload(ctx, &qdrant.SetPayloadPoints{
		CollectionName: collection, Wait: &wait, PointsSelector: zero, Key: &key,
		Payload: qdrant.NewValueMap(map[string]any{"a": int64(1), "b": "c"}),
	})
	must(t, err)
	_, err = client.DeletePayload(ctx, &qdrant.DeletePayloadPoints{
		CollectionName: collection, Wait: &wait, PointsSelector: zero, Keys: []string{"deep.b"},
	})
	must(t, err)
	points, err := client.Get(ctx, &qdrant.GetPoints{
		CollectionName: collection, Ids: []*qdrant.PointId{qdrant.NewIDNum(0)}, WithPayload: qdrant.NewWithPayload(true),
	})
	must(t, err)
	fields := points[0].GetPayload()["deep"].GetStructValue().GetFields()
	if len(fields) != 1 || fields["a"].GetIntegerValue() != 1 {
		t.Errorf("payload is %v", points[0].GetPayload())
	}
	results, err := client.UpdateBatch(ctx, &qdrant.UpdateBatchPoints{
		CollectionName: collection, Wait: &wait,
		Operations: []*qdrant.PointsUpdateOperation{
			qdrant.NewPointsUpdateClearPayload(&qdrant.PointsUpdateOperation_ClearPayload{Points: zero}),
			qdrant.NewPointsUpdateDeletePoints(&qdrant.PointsUpdateOperation_DeletePoints{Points: qdrant.NewPointsSelector(qdrant.NewIDNum(math.MaxUint64))}),
		},
	})
	must(t, err)
	count, err := client.Count(ctx, &qdrant.CountPoints{CollectionName: collection})
	must(t, err)
	if len(results) != 2 || count != 2 {
		t.Errorf("%d results, %d points", len(results), count)
	}
}

func TestSnapshots(t *testing.T) {
	client, ctx := fresh(t)
	fill(t, client, ctx)
	made, err := client.CreateSnapshot(ctx, collection)
	must(t, err)
	if made.GetSize() == 0 || made.GetChecksum() == "" || made.GetCreationTime() == nil {
		t.Errorf("snapshot is %v", made)
	}
	listed, err := client.ListSnapshots(ctx, collection)
	must(t, err)
	found := false
	for _, one := range listed {
		found = found || one.GetName() == made.GetName()
	}
	if !found {
		t.Errorf("listed are %v", listed)
	}
	must(t, client.DeleteSnapshot(ctx, collection, made.GetName()))
	full, err := client.CreateFullSnapshot(ctx)
	must(t, err)
	must(t, client.DeleteFullSnapshot(ctx, full.GetName()))
}

func TestAliasesAndInfo(t *testing.T) {
	client, ctx := fresh(t)
	must(t, client.CreateAlias(ctx, "burrow", collection))
	aliases, err := client.ListCollectionAliases(ctx, collection)
	must(t, err)
	if len(aliases) != 1 || aliases[0] != "burrow" {
		t.Errorf("aliases are %v", aliases)
	}
	info, err := client.GetCollectionInfo(ctx, "burrow")
	must(t, err)
	if info.GetStatus() != qdrant.CollectionStatus_Green || info.GetConfig().GetParams().GetVectorsConfig().GetParams().GetSize() != 3 {
		t.Errorf("info is %v", info)
	}
	must(t, client.DeleteAlias(ctx, "burrow"))
}

func TestRefusals(t *testing.T) {
	client, ctx := fresh(t)
	_, err := client.GetCollectionInfo(ctx, "nowhere")
	if status.Code(err) != codes.NotFound {
		t.Errorf("a missing collection: %v", err)
	}
	err = client.CreateCollection(ctx, &qdrant.CreateCollection{
		CollectionName: collection,
		VectorsConfig:  qdrant.NewVectorsConfig(&qdrant.VectorParams{Size: 3, Distance: qdrant.Distance_Dot}),
	})
	if status.Code(err) != codes.AlreadyExists {
		t.Errorf("a second collection of the name: %v", err)
	}
	_, err = client.Query(ctx, &qdrant.QueryPoints{CollectionName: collection, Query: qdrant.NewQuery(1, 2)})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("a vector of a wrong size: %v", err)
	}
}
