package steps

import (
	"bytes"
	"errors"
	"fmt"

	"standpipe/internal/jsontext"
)

// envelope is the JSON object that CloudWatch Logs sends: its members messageType and logEvents, whose elements are objects
// with a member message. All others are passed over. Of members of the same name the last one counts.
type envelope struct {
	kind     []byte
	listed   bool   // there is an array of log events
	messages []span // the texts of their messages
	misfit   error  // what stands in place of one
}

// unescape puts the text of a JSON string in the place of what was between its quotes.
func (s *span) unescape(data []byte) {
	text := s.of(data)
	if i := bytes.IndexByte(text, '\\'); i >= 0 {
		s.end = s.start + int32(len(jsontext.AppendUnescaped(text[:i], text[i:])))
	}
}

// read finds the messages in data, or that it is a control message. Its error says where data is something else, and
// repeats none of it.
func (e *envelope) read(data []byte) (control bool, err error) {
	i, _ := jsontext.SkipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return false, fmt.Errorf("no JSON object at byte %d of what was unpacked", i)
	}
	i, fault := jsontext.Members(data, i, func(key []byte, i int) (int, string) {
		switch string(plain(key)) {
		case "messageType":
			end, _, fault := jsontext.ScanValue(data, i)
			if e.kind = nil; fault == "" && data[i] == '"' {
				e.kind = plain(data[i+1 : end-1])
			}
			return end, fault
		case "logEvents":
			return e.events(data, i)
		}
		end, _, fault := jsontext.ScanValue(data, i)
		return end, fault
	})
	if fault == "" {
		if i, _ = jsontext.SkipSpace(data, i); i < len(data) {
			fault = "unexpected character after the object"
		}
	}
	if fault != "" {
		return false, fmt.Errorf("%s at byte %d of what was unpacked", fault, i)
	}
	switch string(e.kind) {
	case "CONTROL_MESSAGE":
		return true, nil
	case "DATA_MESSAGE":
	default:
		return false, errors.New("messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE")
	}
	if !e.listed {
		return false, errors.New("logEvents is no array")
	}
	return false, e.misfit
}

// events reads the log events.
func (e *envelope) events(data []byte, i int) (end int, fault string) {
	e.messages, e.misfit = e.messages[:0], nil
	if e.listed = i < len(data) && data[i] == '['; !e.listed {
		end, _, fault = jsontext.ScanValue(data, i)
		return end, fault
	}
	return jsontext.Elements(data, i, func(i int) (int, string) {
		if i >= len(data) || data[i] != '{' {
			e.fits(false, "no log event", i)
			end, _, fault := jsontext.ScanValue(data, i)
			return end, fault
		}
		message := span{}
		end, fault := jsontext.Members(data, i, func(key []byte, i int) (int, string) {
			end, _, fault := jsontext.ScanValue(data, i)
			if fault == "" && string(plain(key)) == "message" {
				if message = (span{}); data[i] == '"' {
					message = span{int32(i + 1), int32(end - 1)}
				}
			}
			return end, fault
		})
		if e.fits(message.start > 0, "no message in the log event", i); e.misfit == nil {
			e.messages = append(e.messages, message)
		}
		return end, fault
	})
}

// fits notes the first thing that does not.
func (e *envelope) fits(ok bool, what string, at int) {
	if !ok && e.misfit == nil {
		e.misfit = fmt.Errorf("%s at byte %d of what was unpacked", what, at)
	}
}

// plain is the text of a JSON string without its quotes. It is the string itself where there is no escape in it.
func plain(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	return jsontext.AppendUnescaped(nil, raw)
}
