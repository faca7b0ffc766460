// The whole life of snapshots, with the stubs of Milvus' own definitions: no published Go client has these calls yet.
// A package of its own, because a program can not hold the definitions of the client and these at once.
// PEER_ADDRESS is where the server speaks Milvus' gRPC API.
package snapshots

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/milvus-io/milvus-proto/go-api/v3/commonpb"
	"github.com/milvus-io/milvus-proto/go-api/v3/milvuspb"
	"github.com/milvus-io/milvus-proto/go-api/v3/schemapb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
)

const source = "kept"

func connect(t *testing.T) (milvuspb.MilvusServiceClient, context.Context) {
	t.Helper()
	connection, err := grpc.NewClient(os.Getenv("PEER_ADDRESS"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(func() {
		connection.Close()
		cancel()
	})
	return milvuspb.NewMilvusServiceClient(connection), ctx
}

type answer interface{ GetStatus() *commonpb.Status }

func done(t *testing.T, status *commonpb.Status, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if status.GetCode() != 0 {
		t.Fatalf("code %d: %s", status.GetCode(), status.GetReason())
	}
}

// The answer of a call that must succeed.
func must[T answer](t *testing.T) func(T, error) T {
	t.Helper()
	return func(reply T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		done(t, reply.GetStatus(), nil)
		return reply
	}
}

// A collection of the keys, loaded.
func fill(t *testing.T, client milvuspb.MilvusServiceClient, ctx context.Context, keys []int64) {
	t.Helper()
	schema, err := proto.Marshal(&schemapb.CollectionSchema{
		Name: source,
		Fields: []*schemapb.FieldSchema{
			{Name: "id", DataType: schemapb.DataType_Int64, IsPrimaryKey: true},
			{Name: "v", DataType: schemapb.DataType_FloatVector,
				TypeParams: []*commonpb.KeyValuePair{{Key: "dim", Value: "2"}}},
		},
	})
	done(t, nil, err)
	status, err := client.CreateCollection(ctx, &milvuspb.CreateCollectionRequest{CollectionName: source, Schema: schema})
	done(t, status, err)
	status, err = client.CreateIndex(ctx, &milvuspb.CreateIndexRequest{CollectionName: source, FieldName: "v",
		ExtraParams: []*commonpb.KeyValuePair{{Key: "index_type", Value: "HNSW"}, {Key: "metric_type", Value: "L2"}}})
	done(t, status, err)
	insert(t, client, ctx, keys)
}

func insert(t *testing.T, client milvuspb.MilvusServiceClient, ctx context.Context, keys []int64) {
	t.Helper()
	vectors := make([]float32, 0, 2*len(keys))
	for _, key := range keys {
		vectors = append(vectors, float32(key), 1)
	}
	must[*milvuspb.MutationResult](t)(client.Insert(ctx, &milvuspb.InsertRequest{
		CollectionName: source,
		NumRows:        uint32(len(keys)),
		FieldsData: []*schemapb.FieldData{
			{FieldName: "id", Type: schemapb.DataType_Int64, Field: &schemapb.FieldData_Scalars{Scalars: &schemapb.ScalarField{
				Data: &schemapb.ScalarField_LongData{LongData: &schemapb.LongArray{Data: keys}}}}},
			{FieldName: "v", Type: schemapb.DataType_FloatVector, Field: &schemapb.FieldData_Vectors{Vectors: &schemapb.VectorField{
				Dim: 2, Data: &schemapb.VectorField_FloatVector{FloatVector: &schemapb.FloatArray{Data: vectors}}}}},
		},
	}))
}

func keysOf(t *testing.T, client milvuspb.MilvusServiceClient, ctx context.Context, name string) []int64 {
	t.Helper()
	status, err := client.LoadCollection(ctx, &milvuspb.LoadCollectionRequest{CollectionName: name})
	done(t, status, err)
	found := must[*milvuspb.QueryResults](t)(client.Query(ctx, &milvuspb.QueryRequest{
		CollectionName: name, Expr: "id > 0", OutputFields: []string{"id"}}))
	keys := found.GetFieldsData()[0].GetScalars().GetLongData().GetData()
	slices.Sort(keys)
	return keys
}

func finished(t *testing.T, client milvuspb.MilvusServiceClient, ctx context.Context, job int64) *milvuspb.RestoreSnapshotInfo {
	t.Helper()
	for {
		info := must[*milvuspb.GetRestoreSnapshotStateResponse](t)(client.GetRestoreSnapshotState(ctx,
			&milvuspb.GetRestoreSnapshotStateRequest{JobId: job})).GetInfo()
		switch info.GetState() {
		case milvuspb.RestoreSnapshotState_RestoreSnapshotCompleted:
			return info
		case milvuspb.RestoreSnapshotState_RestoreSnapshotFailed:
			t.Fatalf("the job failed: %s", info.GetReason())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestSnapshotsOfACollection(t *testing.T) {
	client, ctx := connect(t)
	fill(t, client, ctx, []int64{1, 2, 3})
	const name = "v1.0_baseline"
	status, err := client.CreateSnapshot(ctx, &milvuspb.CreateSnapshotRequest{
		Name: name, CollectionName: source, Description: "The first"})
	done(t, status, err)
	insert(t, client, ctx, []int64{4, 5})

	names := must[*milvuspb.ListSnapshotsResponse](t)(client.ListSnapshots(ctx,
		&milvuspb.ListSnapshotsRequest{CollectionName: source})).GetSnapshots()
	if !slices.Equal(names, []string{name}) {
		t.Fatalf("the snapshots are %v", names)
	}
	described := must[*milvuspb.DescribeSnapshotResponse](t)(client.DescribeSnapshot(ctx,
		&milvuspb.DescribeSnapshotRequest{Name: name, CollectionName: source}))
	if described.GetDescription() != "The first" || described.GetCollectionName() != source ||
		described.GetCreateTs() <= 0 || !slices.Equal(described.GetPartitionNames(), []string{"_default"}) {
		t.Fatalf("the snapshot is %v", described)
	}

	pin := must[*milvuspb.PinSnapshotDataResponse](t)(client.PinSnapshotData(ctx,
		&milvuspb.PinSnapshotDataRequest{Name: name, CollectionName: source, TtlSeconds: 60})).GetPinId()
	drop := &milvuspb.DropSnapshotRequest{Name: name, CollectionName: source}
	if status, err := client.DropSnapshot(ctx, drop); err != nil || status.GetCode() == 0 {
		t.Fatalf("a pinned snapshot was dropped: %v %v", status, err)
	}
	status, err = client.UnpinSnapshotData(ctx, &milvuspb.UnpinSnapshotDataRequest{PinId: pin})
	done(t, status, err)

	job := must[*milvuspb.RestoreSnapshotResponse](t)(client.RestoreSnapshot(ctx, &milvuspb.RestoreSnapshotRequest{
		Name: name, CollectionName: source, TargetCollectionName: "back"})).GetJobId()
	info := finished(t, client, ctx, job)
	if info.GetProgress() != 100 || info.GetCollectionName() != "back" || info.GetSnapshotName() != name ||
		info.GetTimeCost() == 0 || info.GetStartTime() == 0 {
		t.Fatalf("the job is %v", info)
	}
	if keys := keysOf(t, client, ctx, "back"); !slices.Equal(keys, []int64{1, 2, 3}) {
		t.Fatalf("the restored keys are %v", keys)
	}
	if keys := keysOf(t, client, ctx, source); !slices.Equal(keys, []int64{1, 2, 3, 4, 5}) {
		t.Fatalf("the source's keys are %v", keys)
	}

	// As the first release's clients asked: a snapshot's name is enough, and the collection is the target.
	older := must[*milvuspb.RestoreSnapshotResponse](t)(client.RestoreSnapshot(ctx, &milvuspb.RestoreSnapshotRequest{
		Name: name, CollectionName: "older"})).GetJobId()
	finished(t, client, ctx, older)
	if keys := keysOf(t, client, ctx, "older"); !slices.Equal(keys, []int64{1, 2, 3}) {
		t.Fatalf("the restored keys are %v", keys)
	}
	jobs := must[*milvuspb.ListRestoreSnapshotJobsResponse](t)(client.ListRestoreSnapshotJobs(ctx,
		&milvuspb.ListRestoreSnapshotJobsRequest{})).GetJobs()
	if len(jobs) != 2 {
		t.Fatalf("the jobs are %v", jobs)
	}

	status, err = client.DropSnapshot(ctx, drop)
	done(t, status, err)
	if reply, err := client.DescribeSnapshot(ctx,
		&milvuspb.DescribeSnapshotRequest{Name: name, CollectionName: source}); err != nil || reply.GetStatus().GetCode() == 0 {
		t.Fatalf("a dropped snapshot is described: %v %v", reply, err)
	}
}
