package consumer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/internal/dynamofake"
	"standpipe/sink"
)

// storedRows holds a file for each row in each form that any version wrote it in: <row>.<n>.json, of which the highest n is
// today's. A file, once it is there, is never changed: tables hold such rows.
const storedRows = "testdata/rows"

// storedRow is such a file.
type storedRow struct {
	Row  map[string]map[string]any `json:"row"`  // as DynamoDB's JSON has it
	Read json.RawMessage           `json:"read"` // what this program takes it for
}

// Today's rows are as the newest files say, byte for byte.
func TestRowsAreWrittenAsStored(t *testing.T) {
	for name, r := range writtenRows(t) {
		files, n := formsOf(t, name)
		text := rowText(t, r)
		if len(files) > 0 && bytes.Equal(text, rowText(t, readForm(t, files[len(files)-1]).attributes(t))) {
			continue
		}
		if os.Getenv("UPDATE") == "" {
			t.Errorf("row %s is written in another form than %s/%s.%d.json has:\n%s\nIf a program of an older version would do something wrong on its word, raise the version in versions.go and see "+
				"\"Changing what is stored\" in CONTRIBUTING.md. Then UPDATE=1 adds the new form to those that are read for ever.", name, storedRows, name, n, text)
			continue
		}
		found, fault := takenFor(r)
		if fault != "" {
			t.Fatalf("row %s: %s", name, fault)
		}
		read, err := json.Marshal(found)
		if err != nil {
			t.Fatal(err)
		}
		file, err := json.MarshalIndent(storedRow{dynamoJSON(t, r), read}, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(storedRows, fmt.Sprintf("%s.%d.json", name, n+1)), append(file, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Rows of every form that any version wrote are read, and are taken for what they were.
func TestRowsOfOlderVersionsAreRead(t *testing.T) {
	files, err := filepath.Glob(storedRows + "/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		form := readForm(t, file)
		found, fault := takenFor(form.attributes(t))
		if fault != "" {
			t.Errorf("%s: %s", file, fault)
			continue
		}
		want := reflect.New(reflect.TypeOf(found))
		dec := json.NewDecoder(bytes.NewReader(form.Read))
		dec.DisallowUnknownFields()
		if err := dec.Decode(want.Interface()); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		got, _ := json.Marshal(found)
		expected, _ := json.Marshal(inUTC(want.Elem().Interface()))
		if !bytes.Equal(got, expected) {
			t.Errorf("%s is read as\n%s, want\n%s", file, got, expected)
		}
	}
}

// A row of a higher version is never read for anything but that, whatever else is in it.
func TestRowsOfNewerVersionsAreLeftAlone(t *testing.T) {
	table, srv := newTable(t, dynamofake.Options{})
	client := dynamoClient(srv)
	for name, r := range writtenRows(t) {
		if kind(r) == workerKind || name == "redrive-beat" {
			continue // these have no version
		}
		for what, change := range map[string]func(row){
			"as it was": func(row) {}, "in another form": func(r row) {
				for attr := range r {
					if attr != keyAttr && attr != "entityType" && attr != versionAttr {
						r[attr] = &types.AttributeValueMemberM{}
					}
				}
			},
		} {
			newer := maps.Clone(r)
			newer[versionAttr] = num(7)
			change(newer)
			if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("leases"), Item: newer}); err != nil {
				t.Fatal(err)
			}
			key := getStr(r, keyAttr)
			var err error
			switch kind(r) {
			case batchKind:
				_, err = table.Item(t.Context(), strings.TrimPrefix(key, batchKey))
			case applicationKind:
				_, err = table.Application(t.Context())
			default:
				_, err = table.Lease(t.Context(), key)
			}
			if e, ok := err.(*NewerError); !ok || e.Version != 7 || e.Key != key {
				t.Errorf("%s %s: got %v", name, what, err)
			}
			snap, err := table.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(snap.Leases) > 0 || snap.Application != nil {
				t.Errorf("%s %s is taken for %+v", name, what, snap)
			}
			if kind(r) == leaseKind || kind(r) == applicationKind {
				if _, ok := snap.Damaged[key].(*NewerError); !ok {
					t.Errorf("%s %s: the snapshot says %v", name, what, snap.Damaged)
				}
			}
			if _, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("leases"), Key: row{keyAttr: r[keyAttr]}}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestNewerRowIsSaidWithAdvice(t *testing.T) {
	for key, want := range map[string]string{
		"shardId-000000000000": "its shard waits for a worker that knows it", batchKey + "b": "its batch waits for a worker that knows it",
		applicationKey: "no worker of this version starts", RedriveShard: "no error record is redriven by this version",
	} {
		want = "read row " + key + " of table leases: its version is 3 and this program knows 2, so a newer Standpipe wrote it: " + want + ": upgrade this one (see \"Upgrading\" in docs/operations.md)"
		if got := (&NewerError{"leases", key, 3, 2}).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// What a newer version has added to a row without a new version stays, whatever this one writes.
func TestUnknownAttributesStay(t *testing.T) {
	table, srv := newTable(t, dynamofake.Options{})
	client := dynamoClient(srv)
	later := row{"laterText": str("x"), "laterSet": &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, "laterMap": &types.AttributeValueMemberM{Value: row{"n": num(1)}}}
	add := func(key string) {
		t.Helper()
		_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("leases"), Key: row{keyAttr: str(key)}, UpdateExpression: aws.String("SET laterText = :a, laterSet = :b, laterMap = :c"),
			ExpressionAttributeValues: row{":a": later["laterText"], ":b": later["laterSet"], ":c": later["laterMap"]}})
		if err != nil {
			t.Fatal(err)
		}
	}
	steps := lifeOf(table)
	for i, s := range steps {
		if err := s.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		for key, r := range allRows(t, client) {
			if r["laterText"] == nil {
				if _, had := before(steps[:i], key); had {
					t.Errorf("%s has taken what it does not know off row %s", s.name, key)
				}
				add(key)
				continue
			}
			for attr, v := range later {
				if !reflect.DeepEqual(r[attr], v) {
					t.Errorf("%s has changed %s of row %s to %v", s.name, attr, key, r[attr])
				}
			}
		}
	}
}

// before says whether a row was there after one of these steps and not deleted by the last ones.
func before(steps []step, key string) (step, bool) {
	i := slices.IndexFunc(steps, func(s step) bool { return slices.Contains(s.makes, key) })
	if i < 0 {
		return step{}, false
	}
	return steps[i], true
}

// takenFor reads a row as the program does.
func takenFor(r row) (found any, fault string) {
	switch kind(r) {
	case batchKind:
		it, fault := toItem(r)
		if fault != "" {
			return nil, fault
		}
		return inUTC(*it), ""
	case redriveKind:
		if getStr(r, keyAttr) == redriveBeatKey {
			return Heartbeat{Worker: getStr(r, "redriver")}, ""
		}
		l, fault := toLease(r)
		return inUTC(l), fault
	}
	s := Snapshot{Leases: map[string]Lease{}, Workers: map[string]Heartbeat{}, Batches: map[string]BatchRef{}}
	if fault := s.add(r); fault != "" {
		return nil, fault
	}
	for _, l := range s.Leases {
		return inUTC(l), ""
	}
	for _, w := range s.Workers {
		return w, ""
	}
	if s.Application != nil {
		return inUTC(*s.Application), ""
	}
	return nil, "it is taken for nothing"
}

// inUTC gives what was read with its times as files have them.
func inUTC(v any) any {
	utc := func(at *time.Time) {
		if !at.IsZero() {
			*at = at.UTC()
		}
	}
	switch v := v.(type) {
	case Lease:
		utc(&v.Time)
		utc(&v.IdleTime)
		return v
	case Application:
		utc(&v.Until)
		utc(&v.Created)
		return v
	case sink.Item:
		v.Spans = slices.Clone(v.Spans)
		for i := range v.Spans {
			utc(&v.Spans[i].Time)
		}
		return v
	}
	return v
}

// formsOf lists the files of a row, oldest first, and the number of the last one.
func formsOf(t *testing.T, name string) (files []string, n int) {
	t.Helper()
	for {
		file := filepath.Join(storedRows, fmt.Sprintf("%s.%d.json", name, n+1))
		if _, err := os.Stat(file); err != nil {
			return files, n
		}
		files, n = append(files, file), n+1
	}
}

func readForm(t *testing.T, file string) (form storedRow) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &form); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return form
}

// attributes makes a row of a file's.
func (f storedRow) attributes(t *testing.T) row {
	t.Helper()
	r := row{}
	for name, typed := range f.Row {
		for of, v := range typed {
			switch of {
			case "S":
				r[name] = str(v.(string))
			case "N":
				r[name] = &types.AttributeValueMemberN{Value: v.(string)}
			case "SS":
				set := &types.AttributeValueMemberSS{}
				for _, s := range v.([]any) {
					set.Value = append(set.Value, s.(string))
				}
				r[name] = set
			default:
				t.Fatalf("attribute %s is of type %s", name, of)
			}
		}
	}
	return r
}

// dynamoJSON is the way back.
func dynamoJSON(t *testing.T, r row) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	for name, v := range r {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			out[name] = map[string]any{"S": v.Value}
		case *types.AttributeValueMemberN:
			out[name] = map[string]any{"N": v.Value}
		case *types.AttributeValueMemberSS:
			out[name] = map[string]any{"SS": v.Value}
		default:
			t.Fatalf("attribute %s is %T", name, v)
		}
	}
	return out
}

func rowText(t *testing.T, r row) []byte {
	t.Helper()
	text, err := json.MarshalIndent(dynamoJSON(t, r), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return text
}
