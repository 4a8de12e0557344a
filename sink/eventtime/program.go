package eventtime

import (
	"errors"
	"strings"
	"time"

	"standpipe/internal/jq"
)

// programLimits are what a jq program may do for a record: the result is a time, which needs few bytes.
var programLimits = jq.Limits{Bytes: 4 << 10, Memory: 64 << 20, Time: time.Second}

var errFirst = errors.New("the first result is enough")

// program is a compiled jq program.
type program struct{ *jq.Program }

func compile(text string) (*program, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("is empty")
	}
	p, err := jq.Compile(text, programLimits)
	return &program{p}, err
}

// run returns the program's first result for the first JSON value of data, nil for none. fault says why it failed, notJSON why
// there is no value.
func (p *program) run(data []byte) (result []byte, fault, notJSON string) {
	doc, err := jq.NewReader(data, programLimits.Memory).Next()
	var syntax *jq.SyntaxError
	if errors.As(err, &syntax) {
		return nil, "", syntax.What
	}
	if err == nil {
		err = p.Run(doc.Value, func(v any) error {
			if result, err = p.NewEncoder().JSON(doc, v); err != nil {
				return err
			}
			return errFirst
		})
	}
	if err != nil && !errors.Is(err, errFirst) {
		return nil, err.Error(), ""
	}
	return result, "", ""
}
