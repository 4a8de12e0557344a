package dynamofake

import (
	"encoding/json"
	"slices"
	"strings"
)

type scanInput struct {
	TableName                 string
	Limit                     *int
	ExclusiveStartKey         item
	ConsistentRead            bool
	Select                    string
	FilterExpression          *string
	ProjectionExpression      *string
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues valueMap
	Segment, TotalSegments    *int
	ReturnConsumedCapacity    string
	IndexName                 string
	ScanFilter                json.RawMessage // of the API before expressions; refused
	AttributesToGet           json.RawMessage
}

type scanOutput struct {
	Items            []item `json:",omitzero"`
	Count            int
	ScannedCount     int
	LastEvaluatedKey item              `json:",omitempty"`
	ConsumedCapacity *consumedCapacity `json:",omitempty"`
}

// scan reads a page: up to Limit items, and no more once it has read 1 MB, both counted before the filter.
func (s *Server) scan(in *scanInput) (any, error) {
	filter, paths, err := in.parse()
	if err != nil {
		return nil, err
	}
	t, err := s.table(in.TableName)
	if err != nil {
		return nil, err
	}
	from := 0
	if in.ExclusiveStartKey != nil {
		key, err := t.key(in.ExclusiveStartKey, true)
		if err != nil {
			return nil, invalid("The provided starting key is invalid: %s", err.(*apiError).message)
		}
		at, found := slices.BinarySearchFunc(t.order, placeOf(key), comparePlaces)
		if from = at; found {
			from++
		}
	}
	out := scanOutput{Items: []item{}}
	bytes := 0
	for _, p := range t.order[from:] {
		if in.TotalSegments != nil && int(p.hash%uint64(*in.TotalSegments)) != *in.Segment {
			continue
		}
		r := t.rows[p.key]
		bytes += r.size
		out.ScannedCount++
		if filter == nil || filter.holds(r.item) {
			out.Count++
			out.Items = append(out.Items, projectItem(r.item, paths))
		}
		if in.Limit != nil && out.ScannedCount == *in.Limit || bytes >= maxPageBytes {
			out.LastEvaluatedKey = item{t.hashKey: {kind: kindS, s: p.key}}
			break
		}
	}
	if in.Select == "COUNT" {
		out.Items = nil
	}
	var u usage
	u.add(t.name, readUnits(bytes, in.ConsistentRead), 0)
	if c := s.consume(u, in.ReturnConsumedCapacity); c != nil {
		out.ConsumedCapacity = &c[0]
	}
	return out, nil
}

func (in *scanInput) parse() (filter condition, paths []path, err error) {
	switch {
	case in.ScanFilter != nil || in.AttributesToGet != nil:
		return nil, nil, invalid("this server knows expressions, not ScanFilter or AttributesToGet")
	case in.IndexName != "":
		return nil, nil, invalid("The table does not have the specified index: %s", in.IndexName)
	case in.Limit != nil && *in.Limit < 1:
		return nil, nil, invalid("Limit must be greater than or equal to 1")
	case (in.Segment == nil) != (in.TotalSegments == nil):
		return nil, nil, invalid("Segment and TotalSegments must be specified together")
	case in.Segment != nil && (*in.Segment < 0 || *in.TotalSegments < 1 || *in.Segment >= *in.TotalSegments):
		return nil, nil, invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments")
	case !strings.Contains(" ALL_ATTRIBUTES COUNT SPECIFIC_ATTRIBUTES ", " "+in.Select+" ") && in.Select != "":
		return nil, nil, invalid("Select %s is not known for tables without indexes", in.Select)
	}
	sc, err := newScope(in.ExpressionAttributeNames, in.ExpressionAttributeValues,
		in.FilterExpression != nil || in.ProjectionExpression != nil, "FilterExpression")
	if err != nil {
		return nil, nil, err
	}
	if in.FilterExpression != nil {
		if filter, err = parse("FilterExpression", *in.FilterExpression, sc, parseCondition); err != nil {
			return nil, nil, err
		}
	}
	if in.ProjectionExpression != nil {
		if paths, err = parse("ProjectionExpression", *in.ProjectionExpression, sc, parseProjection); err != nil {
			return nil, nil, err
		}
	}
	return filter, paths, sc.unused()
}
