package dynamofake

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// pages follows LastEvaluatedKey and returns the keys found in each page.
func (e *env) pages(t *testing.T, in dynamodb.ScanInput) (pages [][]string) {
	t.Helper()
	in.TableName = &e.table
	for {
		out, err := e.Scan(t.Context(), &in)
		ok(t, err)
		var page []string
		for _, it := range out.Items {
			page = append(page, it["k"].(*types.AttributeValueMemberS).Value)
		}
		same(t, "Count", int(out.Count), len(page))
		pages = append(pages, page)
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			return pages
		}
	}
}

func (e *env) fill(t *testing.T, n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprintf("shard-%02d", i))
		e.put(t, attrs{"k": S(keys[i]), "n": N(fmt.Sprint(i))})
	}
	return keys
}

func sorted(pages [][]string) string {
	return fmt.Sprint(slices.Sorted(slices.Values(slices.Concat(pages...))))
}

func TestScanReadsEveryItemOncePageByPage(t *testing.T) {
	e := newEnv(t)
	keys := e.fill(t, 10)
	whole := e.pages(t, dynamodb.ScanInput{ConsistentRead: aws.Bool(true)})
	same(t, "pages without a limit", len(whole), 1)
	same(t, "keys", sorted(whole), fmt.Sprint(keys))
	same(t, "in the order of the keys", fmt.Sprint(whole[0]) == fmt.Sprint(keys), false)
	by3 := e.pages(t, dynamodb.ScanInput{Limit: aws.Int32(3)})
	same(t, "pages of 3", len(by3), 4)
	same(t, "keys", fmt.Sprint(slices.Concat(by3...)), fmt.Sprint(whole[0]))
	// A limit that ends at the last item still gives a key to go on from, and then an empty page.
	by5 := e.pages(t, dynamodb.ScanInput{Limit: aws.Int32(5)})
	same(t, "the last page", len(by5[len(by5)-1]), 0)
	var parts [][]string
	for i := range int32(3) {
		parts = append(parts, slices.Concat(e.pages(t, dynamodb.ScanInput{Segment: &i, TotalSegments: aws.Int32(3), Limit: aws.Int32(2)})...))
	}
	same(t, "keys of all segments", sorted(parts), fmt.Sprint(keys))
}

func TestScanFiltersAfterCounting(t *testing.T) {
	e := newEnv(t)
	e.fill(t, 10)
	in := dynamodb.ScanInput{TableName: &e.table, FilterExpression: aws.String("n >= :n"), ExpressionAttributeValues: attrs{":n": N("8")},
		ProjectionExpression: aws.String("k")}
	same(t, "keys", sorted(e.pages(t, in)), "[shard-08 shard-09]")
	out, err := e.Scan(t.Context(), &in)
	ok(t, err)
	same(t, "ScannedCount", out.ScannedCount, 10)
	same(t, "attributes", len(out.Items[0]), 1)
	in.Limit = aws.Int32(4)
	out, err = e.Scan(t.Context(), &in)
	ok(t, err)
	same(t, "ScannedCount with a limit", out.ScannedCount, 4)
	in.ProjectionExpression, in.Limit, in.Select = nil, nil, types.SelectCount
	out, err = e.Scan(t.Context(), &in)
	ok(t, err)
	same(t, "items of a count", len(out.Items), 0)
	same(t, "Count", out.Count, 2)
}

func TestScanPageEndsAtAMegabyte(t *testing.T) {
	e := newEnv(t)
	for i := range 5 {
		e.put(t, attrs{"k": S(fmt.Sprint(i)), "a": S(strings.Repeat("y", 400_000))})
	}
	pages := e.pages(t, dynamodb.ScanInput{})
	same(t, "pages", len(pages), 2)
	same(t, "items of the first", len(pages[0]), 3)
}

func TestScanGoesOnFromAKeyThatWasDeleted(t *testing.T) {
	e := newEnv(t)
	e.fill(t, 10)
	all := e.pages(t, dynamodb.ScanInput{})[0]
	_, err := e.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &e.table, Key: attrs{"k": S(all[4])}})
	ok(t, err)
	rest := e.pages(t, dynamodb.ScanInput{ExclusiveStartKey: attrs{"k": S(all[4])}})
	same(t, "rest", fmt.Sprint(rest[0]), fmt.Sprint(all[5:]))
}

func TestBadScansAreRefused(t *testing.T) {
	e := newEnv(t)
	for _, in := range []dynamodb.ScanInput{
		{Limit: aws.Int32(0)},
		{Segment: aws.Int32(1)},
		{Segment: aws.Int32(3), TotalSegments: aws.Int32(3)},
		{ExclusiveStartKey: attrs{"j": S("x")}},
		{FilterExpression: aws.String("shard = :v"), ExpressionAttributeValues: attrs{":v": S("x")}},
		{ProjectionExpression: aws.String("k"), ExpressionAttributeNames: map[string]string{"#k": "k"}},
	} {
		in.TableName = &e.table
		_, err := e.Scan(t.Context(), &in)
		refused(t, err, "ValidationException", "")
	}
}
