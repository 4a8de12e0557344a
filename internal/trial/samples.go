package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Form says how a file holds records.
type Form string

const (
	Auto    Form = "auto"    // Records where a file is such, else Lines
	Lines   Form = "lines"   // each line that is not empty is a record, without its end
	Records Form = "records" // what aws kinesis get-records prints: JSON with Records, each with its Data in base64
	Whole   Form = "whole"   // each file is one record
)

// maxSamples is how many bytes of records a trial takes.
const maxSamples = 256 << 20

// A sample is a record to be put, and where it comes from.
type sample struct {
	data  []byte
	where string
}

// read takes the records of files; - is stdin.
func read(files []string, form Form, stdin io.Reader) ([]sample, error) {
	var all []sample
	left := int64(maxSamples)
	for _, name := range files {
		data, err := content(name, stdin, left)
		if err != nil {
			return nil, fmt.Errorf("read records from %s: %w", called(name), err)
		}
		left -= int64(len(data))
		some, err := take(name, data, form)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, errors.New("read records: there is none in the files; name one with a record on each line")
	}
	return all, nil
}

func called(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

func content(name string, stdin io.Reader, limit int64) ([]byte, error) {
	source := stdin
	if name != "-" {
		f, err := os.Open(name)
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err // the caller names the file
		}
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, errors.New("it is a folder: name the files in it")
		}
		source = f
	}
	data, err := io.ReadAll(io.LimitReader(source, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("a trial takes %d MiB of records in all; take a part of them", maxSamples>>20)
	}
	return data, err
}

func take(name string, data []byte, form Form) ([]sample, error) {
	switch form {
	case Whole:
		return []sample{{data, called(name)}}, nil
	case Auto, Records:
		some, err := records(name, data)
		if err == nil || form == Records {
			return some, err
		}
	}
	var all []sample
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			all = append(all, sample{line, fmt.Sprintf("%s line %d", called(name), n)})
		}
	}
	return all, nil
}

// records reads the answer of GetRecords as the AWS command line interface prints it.
// https://docs.aws.amazon.com/cli/latest/reference/kinesis/get-records.html
func records(name string, data []byte) ([]sample, error) {
	var answer struct {
		Records []struct{ Data []byte }
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("read records from %s: it is not what `aws kinesis get-records` prints: %w", called(name), err)
	}
	if answer.Records == nil {
		return nil, fmt.Errorf("read records from %s: it is not what `aws kinesis get-records` prints: it has no Records", called(name))
	}
	var all []sample
	for i, r := range answer.Records {
		all = append(all, sample{r.Data, fmt.Sprintf("%s record %d", called(name), i+1)})
	}
	return all, nil
}
