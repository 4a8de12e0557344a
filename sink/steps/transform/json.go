package transform

import "standpipe/internal/jsontext"

// jsonValue is a checked JSON value, empty where there is none.
type jsonValue []byte

// parseJSON checks that data is one JSON value. It builds nothing, whatever the data.
func parseJSON(data []byte) (jsonValue, bool) {
	start, _ := jsontext.SkipSpace(data, 0)
	end, _, fault := jsontext.ScanValue(data, start)
	if fault != "" {
		return nil, false
	}
	rest, _ := jsontext.SkipSpace(data, end)
	return data[start:end], rest == len(data)
}

func (v jsonValue) isNull() bool   { return len(v) == 0 || v[0] == 'n' }
func (v jsonValue) isObject() bool { return len(v) > 0 && v[0] == '{' }

// text is the value of a string.
func (v jsonValue) text() (string, bool) {
	if len(v) == 0 || v[0] != '"' {
		return "", false
	}
	return string(jsontext.AppendUnescaped(nil, v[1:len(v)-1])), true
}

// members gives those of an object in order; of anything else there are none. Their names are told apart by case.
func (v jsonValue) members(each func(name string, value jsonValue)) {
	if v.isObject() {
		_, _ = jsontext.Members(v, 0, func(key []byte, i int) (int, string) { // v is checked
			end, _, fault := jsontext.ScanValue(v, i)
			each(string(jsontext.AppendUnescaped(nil, key)), v[i:end])
			return end, fault
		})
	}
}

// member is the last one of that name.
func (v jsonValue) member(name string) (found jsonValue) {
	v.members(func(n string, value jsonValue) {
		if n == name {
			found = value
		}
	})
	return found
}

// elements gives those of an array in order; of anything else there are none.
func (v jsonValue) elements(each func(jsonValue)) {
	if len(v) > 0 && v[0] == '[' {
		_, _ = jsontext.Elements(v, 0, func(i int) (int, string) { // v is checked
			end, _, fault := jsontext.ScanValue(v, i)
			each(v[i:end])
			return end, fault
		})
	}
}
