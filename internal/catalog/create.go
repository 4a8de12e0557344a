package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// Check asks for the table and says whether the output's objects can be registered in it. missing: there is none yet, and
// Run will create it. The error is that of the request, or an *UnusableError.
func (r *Register) Check(ctx context.Context) (missing bool, err error) {
	t, err := get(ctx, r.Glue, r.Table)
	switch {
	case gone(err) && len(r.Layout.Columns) > 0:
		return true, nil
	case err != nil:
		return false, err
	}
	return false, r.fits(t)
}

// table gives the table, creating it where there is none.
func (r *Register) table(ctx context.Context) (*types.Table, error) {
	t, err := get(ctx, r.Glue, r.Table)
	if gone(err) {
		if len(r.Layout.Columns) == 0 {
			r.Metric.failures.WithLabelValues("GetTable").Inc()
			return nil, &UnusableError{r.Table, []string{"it does not exist, and without outputs[].schema it can not be created"}}
		}
		if err := r.create(ctx); err != nil {
			return nil, err
		}
		t, err = get(ctx, r.Glue, r.Table)
	}
	if err != nil {
		r.Metric.failures.WithLabelValues("GetTable").Inc()
		return nil, fmt.Errorf("get table %s: %w", r.Table, err)
	}
	if err := r.fits(t); err != nil {
		return nil, err
	}
	r.saw(t)
	return t, nil
}

// create makes the table, unless another worker is faster.
func (r *Register) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	_, err := r.Glue.CreateTable(ctx, &glue.CreateTableInput{CatalogId: r.Table.catalog(), DatabaseName: &r.Table.Database, TableInput: r.Input()})
	var there *types.AlreadyExistsException
	switch {
	case errors.As(err, &there):
		return nil
	case err != nil:
		r.Metric.failures.WithLabelValues("CreateTable").Inc()
		return fmt.Errorf("create table %s: %w", r.Table, err)
	}
	r.Log.Info().Str("output", r.Output).Str("table", r.Table.String()).Int("columns", len(r.Layout.Columns)).Msg("table created in Glue")
	return nil
}

// Input is the table as it is created. Its partitions are listed, so it has no partition projection, with which Athena
// would not look at them.
func (r *Register) Input() *types.TableInput {
	l := r.Layout
	input := &types.TableInput{
		Name: &r.Table.Table, TableType: aws.String("EXTERNAL_TABLE"), Parameters: map[string]string{"EXTERNAL": "TRUE", "classification": l.Classification},
		StorageDescriptor: &types.StorageDescriptor{
			Location: &l.Location, InputFormat: &l.InputFormat, OutputFormat: &l.OutputFormat,
			SerdeInfo: &types.SerDeInfo{SerializationLibrary: &l.Serde, Parameters: l.Properties},
		},
	}
	for _, c := range l.Columns {
		input.StorageDescriptor.Columns = append(input.StorageDescriptor.Columns, types.Column{Name: aws.String(c.Name), Type: aws.String(c.Type)})
	}
	for _, k := range l.Keys {
		input.PartitionKeys = append(input.PartitionKeys, types.Column{Name: aws.String(k.Name), Type: aws.String("string")})
	}
	return input
}

// fits says why the output's objects can not be those of the table.
func (r *Register) fits(t *types.Table) error {
	if t.StorageDescriptor == nil {
		return &UnusableError{r.Table, []string{"it says nothing of its storage, as a view does; name a table of objects in S3"}}
	}
	want := "Parquet"
	if r.Layout.Classification == "json" {
		want = "JSON"
	}
	if got := storedAs(t); got != want {
		return &UnusableError{r.Table, []string{fmt.Sprintf("it is stored as %s, and the output writes %s; name another table", got, want)}}
	}
	_, err := r.ordered(t, make([]string, len(r.Layout.Keys)))
	return err
}

// ordered puts values, which are in the order of the folders, into the order of the table's partition keys. A folder
// without a name fills the key at its place, whatever that is called.
func (r *Register) ordered(t *types.Table, values []string) ([]string, error) {
	var have, want []string
	for _, k := range r.Layout.Keys {
		want = append(want, k.Name)
	}
	ordered := make([]string, 0, len(values))
	for i, key := range t.PartitionKeys {
		name := aws.ToString(key.Name)
		have = append(have, name)
		for n, k := range r.Layout.Keys {
			if strings.EqualFold(k.Name, name) || !k.Named && n == i {
				ordered = append(ordered, values[n])
				break
			}
		}
	}
	if len(ordered) != len(values) || len(have) != len(values) {
		return nil, &UnusableError{r.Table, []string{fmt.Sprintf("its partition keys are (%s), and the folders of the prefix give (%s); give the output a table of its own, or let them agree",
			strings.Join(have, ", "), strings.Join(want, ", "))}}
	}
	return ordered, nil
}
