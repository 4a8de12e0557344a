package eventtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// runLimit is how long a program may take for a record.
const runLimit = time.Second

// program is a compiled jq program.
type program struct{ code *gojq.Code }

func compile(text string) (*program, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("is empty")
	}
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("is no jq path: %w", err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, fmt.Errorf("is no jq path: %w", err)
	}
	return &program{code}, nil
}

// run returns the program's first result for a JSON value, nil for none, or why it has none. It is bounded by its own time
// alone: what becomes of a record must not depend on when the worker is told to stop.
func (p *program) run(value []byte) (result []byte, fault string) {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var input any
	if err := decoder.Decode(&input); err != nil {
		return nil, err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), runLimit)
	defer cancel()
	v, ok := p.code.RunWithContext(ctx, input).Next()
	if !ok {
		return nil, ""
	}
	if err, failed := v.(error); failed {
		if halt, ok := err.(*gojq.HaltError); ok && halt.Value() == nil {
			return nil, ""
		}
		return nil, err.Error()
	}
	result, err := gojq.Marshal(v)
	if err != nil {
		return nil, err.Error()
	}
	return result, ""
}
