package main

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"standpipe/internal/faults"
	"standpipe/internal/gluefake"
	"standpipe/internal/parquetread"
)

// columnsFromGlue is a configuration of a Parquet output whose columns are those of table lake.clicks.
func (c *cloud) columnsFromGlue(more ...string) []string {
	return c.env(append([]string{
		"STANDPIPE_OUTPUTS_0_FORMAT=parquet", "STANDPIPE_OUTPUTS_0_GLUE_DATABASE=lake", "STANDPIPE_OUTPUTS_0_GLUE_TABLE=clicks",
		"STANDPIPE_OUTPUTS_0_GLUE_ENDPOINT=" + c.glueURL, "STANDPIPE_OUTPUTS_0_GLUE_REFRESH=1s", "STANDPIPE_BUFFER_INTERVAL=1s",
	}, more...)...)
}

// putTable gives table lake.clicks its next version.
func (c *cloud) putTable(library string, columns ...gluefake.Column) {
	c.glue.Put("lake", gluefake.Table{Name: "clicks", StorageDescriptor: &gluefake.Storage{
		Columns:   append([]gluefake.Column{{Name: "id", Type: "bigint"}}, columns...),
		SerdeInfo: &gluefake.Serde{SerializationLibrary: library, Parameters: map[string]string{"mapping.id": "Number", "ignore.malformed.json": "TRUE"}},
	}})
}

const parquetSerde = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

// A table that can not be used ends the start with a sentence, and check --online says the same in a line.
func TestGlueTableAtTheStart(t *testing.T) {
	c := newCloud(t)
	wrong := func(want string) {
		t.Helper()
		c.expect(t, c.columnsFromGlue(), exitRuntime, want)
		r := execute(t, c.columnsFromGlue(), "check", "--online")
		if got := strings.ReplaceAll(findings(t, r)["Glue table lake.clicks"], c.glueURL, "GLUE"); got != "failed: "+want || r.code != exitRuntime {
			t.Errorf("check says %q", got)
		}
	}
	const missing = "table lake.clicks does not exist in the Glue Data Catalog of us-east-1: create it, or set outputs[0].glue.database and table"
	wrong(missing)
	c.putTable("org.apache.hadoop.hive.ql.io.orc.OrcSerde")
	wrong("Glue table lake.clicks can not be used: it is stored as ORC, and format parquet writes Parquet files, which it could not read; name a table that is STORED AS PARQUET, or set outputs[0].glue.table to another")
	c.putTable(parquetSerde, gluefake.Column{Name: "ID", Type: "long"})
	wrong("Glue table lake.clicks can not be used: column ID: has the same name as id, since names are compared without case; rename one; column ID: its type at position 1: long is no type that a column can have; write bigint, or set outputs[0].glue.table to another")
	c.putTable(parquetSerde)
	remove := c.glue.Control("GetTable", func(faults.Call, func()) error { return gluefake.Denied() })
	wrong("access to Glue table lake.clicks is denied: allow glue:GetTable on the catalog, the database and the table; where Lake Formation guards it, also DESCRIBE")
	remove()
}

// A start waits for a Glue that is throttled or has broken down for a moment.
func TestGlueIsBusyAtTheStart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.putTable(parquetSerde)
	answers := []error{gluefake.Throttled(), gluefake.Down(), &faults.Error{Status: http.StatusBadRequest, Code: "OperationTimeoutException"}}
	var asked atomic.Int32
	c.glue.Control("GetTable", func(faults.Call, func()) error {
		if n := int(asked.Add(1)); n <= len(answers) {
			return answers[n-1]
		}
		return nil
	})
	d := start(t, c.columnsFromGlue())
	d.stop(t)
	if n := asked.Load(); n < 4 {
		t.Errorf("asked %d times", n)
	}
}

// The check tells what it found, and what of the table has no effect.
func TestCheckTellsOfAGlueTable(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.leaseTable(t)
	c.putTable(parquetSerde, gluefake.Column{Name: "path", Type: "string"})
	r, lines := c.online(t, c.columnsFromGlue()...)
	if got := lines["Glue table lake.clicks"]; got != "ok: version 0 in us-east-1, 2 columns for output-0" {
		t.Errorf("%q in %s", got, r)
	}
	if got := lines["Glue table lake.clicks: properties"]; !strings.HasPrefix(got, "warning: SerDe property ignore.malformed.json has no effect") {
		t.Errorf("%q in %s", got, r)
	}
	if !strings.Contains(r.stdout, "columns  output-0: those of Glue table lake.clicks at "+c.glueURL+", looked at every 1s\n") {
		t.Errorf("no columns in %s", r)
	}
	if n := c.glue.Operations()["GetTable"]; n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// The daemon writes the columns of the table, filled as the table says, and takes a change without a restart.
func TestRunTakesColumnsFromGlue(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.putTable(parquetSerde)
	d := start(t, c.columnsFromGlue())
	c.put(t, `{"number":1,"path":"a"}`)
	eventually(t, "deliver the first record", func() bool { return len(c.rows(t, "clicks/")) == 1 })
	c.putTable(parquetSerde, gluefake.Column{Name: "path", Type: "string"})
	eventually(t, "take the new column", func() bool { return d.metric(t, "standpipe_schema_changes_total") == 1 })
	c.put(t, `{"number":2,"path":"b"}`)
	eventually(t, "deliver the second record", func() bool { return len(c.rows(t, "clicks/")) == 2 })
	c.put(t, `{"number":"many"}`)
	eventually(t, "reject the third record", func() bool { return len(c.lines(t, "errors/format-conversion-failed/")) == 1 })
	d.stop(t)
	for line := range c.lines(t, "errors/format-conversion-failed/") {
		if !strings.Contains(line, `"dataCatalogTable":{"catalogId":null,"databaseName":"lake","tableName":"clicks","region":"us-east-1","versionId":"LATEST","roleArn":null},"shardId":`) {
			t.Errorf("error record %s", line)
		}
	}
	if got := strings.Join(c.rows(t, "clicks/"), " "); got != `{"id":1} {"id":2,"path":"b"}` {
		t.Errorf("rows %s", got)
	}
}

func (c *cloud) put(t *testing.T, record string) {
	t.Helper()
	if _, _, err := c.kinesis.Put("clicks", "k", []byte(record)); err != nil {
		t.Fatal(err)
	}
}

// rows are those of all Parquet files below a prefix of the bucket lake, sorted.
func (c *cloud) rows(t *testing.T, prefix string) (rows []string) {
	t.Helper()
	for _, o := range c.s3.Objects("lake") {
		if !strings.HasPrefix(o.Key, prefix) || !strings.HasSuffix(o.Key, ".parquet") {
			continue
		}
		f, err := c.s3.Open("lake", o.Key)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		lines, err := parquetread.Lines(data)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, strings.Fields(string(lines))...)
	}
	slices.Sort(rows)
	return rows
}

// stop ends a daemon in order.
func (d *daemon) stop(t *testing.T) {
	t.Helper()
	d.signal()
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
}

// An output that is registered: its table is created, and its partitions are there once they have objects. The check
// says what will be, and creates nothing.
func TestRunRegistersPartitions(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.leaseTable(t)
	env := c.env(
		"STANDPIPE_OUTPUTS_0_PREFIX=clicks/year=!{timestamp:yyyy}/month=!{timestamp:MM}/", "STANDPIPE_OUTPUTS_0_CATALOG=glue", "STANDPIPE_OUTPUTS_0_SCHEMA=id bigint from number",
		"STANDPIPE_OUTPUTS_0_GLUE_DATABASE=lake", "STANDPIPE_OUTPUTS_0_GLUE_TABLE=clicks", "STANDPIPE_OUTPUTS_0_GLUE_ENDPOINT="+c.glueURL, "STANDPIPE_BUFFER_INTERVAL=1s",
	)
	const check = "Glue table lake.clicks: partitions"
	r, lines := c.online(t, env...)
	if got := lines[check]; got != "ok: by year, month for output-0; the table does not exist in us-east-1, run creates it" {
		t.Errorf("%q in %s", got, r)
	}
	if !strings.Contains(r.stdout, "catalog  output-0: partitions are registered in Glue table lake.clicks at "+c.glueURL+"\n") {
		t.Errorf("no catalog in %s", r)
	}
	if _, there := c.glue.Table("lake", "clicks"); there {
		t.Error("the check has created the table")
	}
	d := start(t, env)
	c.put(t, `{"number":1}`)
	eventually(t, "register the partition", func() bool { return len(c.glue.Partitions("lake", "clicks")) == 1 })
	eventually(t, "count the partition", func() bool { return d.metric(t, "standpipe_partitions_registered_total") == 1 })
	d.stop(t)
	made, _ := c.glue.Table("lake", "clicks")
	if got := made.StorageDescriptor.SerdeInfo.Parameters["mapping.id"]; got != "number" || len(made.PartitionKeys) != 2 {
		t.Errorf("table %+v", made)
	}
	if _, lines = c.online(t, env...); lines[check] != "ok: by year, month for output-0, in us-east-1" {
		t.Errorf("%q", lines[check])
	}
	if _, lines = c.online(t, append(env, "STANDPIPE_OUTPUTS_0_PREFIX=!{firehose:random-string}/")...); !strings.HasPrefix(lines[check], "failed: Glue table lake.clicks can not be used: its partition keys are (year, month)") {
		t.Errorf("%q", lines[check])
	}
	env = append(env, "STANDPIPE_OUTPUTS_0_FORMAT=parquet", "STANDPIPE_OUTPUTS_0_COMPRESSION=snappy")
	c.expect(t, env, exitRuntime, "Glue table lake.clicks can not be used: it is stored as JSON, and the output writes Parquet; name another table, or set outputs[0].glue.table to another")
	c.glue.Drop("lake", "clicks")
	bare := slices.DeleteFunc(env, func(pair string) bool {
		return strings.HasPrefix(pair, "STANDPIPE_OUTPUTS_0_SCHEMA=") || strings.HasPrefix(pair, "STANDPIPE_OUTPUTS_0_FORMAT=") || strings.HasPrefix(pair, "STANDPIPE_OUTPUTS_0_COMPRESSION=")
	})
	if _, lines = c.online(t, bare...); !strings.HasPrefix(lines[check], "failed: table lake.clicks does not exist") {
		t.Errorf("%q", lines[check])
	}
}
