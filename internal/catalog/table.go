package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// Ref names a table.
type Ref struct {
	CatalogID string // "" is that of the account that asks
	Database  string
	Table     string
}

// String is the name as SQL has it, with the catalog's id where that is given.
func (r Ref) String() string {
	name := r.Database + "." + r.Table
	if r.CatalogID != "" {
		name = r.CatalogID + "." + name
	}
	return name
}

func (r Ref) catalog() *string {
	if r.CatalogID == "" {
		return nil
	}
	return &r.CatalogID
}

// Getter is Glue as it is asked for tables. It may be called concurrently.
type Getter interface {
	GetTable(context.Context, *glue.GetTableInput, ...func(*glue.Options)) (*glue.GetTableOutput, error)
}

var _ Getter = (*glue.Client)(nil)

// requestTimeout is how long one request to Glue may take.
const requestTimeout = 10 * time.Second

// get asks once for the newest version of a table.
func get(ctx context.Context, g Getter, r Ref) (*types.Table, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	out, err := g.GetTable(ctx, &glue.GetTableInput{CatalogId: r.catalog(), DatabaseName: &r.Database, Name: &r.Table})
	if err != nil {
		return nil, err
	}
	if out.Table == nil {
		return nil, fmt.Errorf("get table %s: the answer holds none", r)
	}
	return out.Table, nil
}

// UnusableError says that a table is there, or is known not to be, and can not be what it is wanted for.
type UnusableError struct {
	Table    Ref
	Problems []string // sentences
}

// shownProblems is how many problems a sentence has, which is also a line in the log; a table may have thousands.
const shownProblems = 10

func (e *UnusableError) Error() string {
	problems := e.Problems
	if more := len(problems) - shownProblems; more > 0 {
		problems = append(slices.Clone(problems[:shownProblems]), fmt.Sprintf("and %d more", more))
	}
	return "table " + e.Table.String() + " can not be used: " + strings.Join(problems, "; ")
}

// gone says whether Glue knows the table, or its database, not to exist.
func gone(err error) bool {
	var missing *types.EntityNotFoundException
	return errors.As(err, &missing)
}
