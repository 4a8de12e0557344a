package partition

// signs says what may stand in front of a number that is read.
type signs uint8

const (
	unsigned   signs = iota
	negatable        // a minus sign
	exceedsPad       // a minus sign, and a plus sign exactly if there are more digits than letters
)

// element is a piece of a pattern as it is read.
type element struct {
	segment
	kind     readAs
	into     field
	min, max int // digits of a number
	signs    signs
	reserved int // digits behind those of a number that belong to the numbers directly behind it
	length   int // of the beginning of an optional section: how many elements further it ends
}

// readAs is how an element is read.
type readAs uint8

const (
	readText readAs = iota
	readNumber
	readShortYear
	readFraction
	readName
	readOffset
	readNamedOffset
	readZone
	readSection
	readEnd
)

// A field is what is read into: a field of Java's ChronoField.
type field uint8

const (
	eraField field = iota
	yearOfEraField
	yearField
	monthField
	dayOfMonthField
	dayOfYearField
	dayOfWeekField
	halfField
	hourField
	clockHourField
	halfHourField
	clockHalfHourField
	minuteField
	secondField
	nanoField
	milliField
	milliOfDayField
	nanoOfDayField
	offsetField
	fieldCount
)

var fieldOf = map[byte]field{
	'G': eraField, 'y': yearOfEraField, 'u': yearField, 'M': monthField, 'L': monthField, 'd': dayOfMonthField, 'D': dayOfYearField, 'E': dayOfWeekField,
	'a': halfField, 'H': hourField, 'k': clockHourField, 'K': halfHourField, 'h': clockHalfHourField, 'm': minuteField, 's': secondField,
	'S': nanoField, 'n': nanoField, 'A': milliOfDayField, 'N': nanoOfDayField, 'O': offsetField, 'X': offsetField, 'x': offsetField, 'Z': offsetField,
}

// elementsOf makes elements of a pattern's segments. As in java.time.format.DateTimeFormatterBuilder, numbers of fixed width
// that stand directly behind a number of any width keep their digits free of it.
func elementsOf(segments []segment) []element {
	var (
		all    []element
		opened []int
		first  = -1 // the number in front of those of fixed width
	)
	for _, s := range segments {
		e := element{segment: s, into: fieldOf[s.field]}
		at, number := len(all), false
		switch {
		case s.field == open:
			e.kind = readSection
			opened = append(opened, at)
		case s.field == shut:
			e.kind = readEnd
			begin := opened[len(opened)-1]
			all[begin].length, opened = at-begin, opened[:len(opened)-1]
		case s.field == literal:
			e.kind = readText
		case s.style == zoneID || s.field == 'z':
			e.kind = readZone
		case s.field == 'O' || s.field == 'Z' && s.style == full:
			e.kind = readNamedOffset
		case s.style == fromUTC:
			e.kind = readOffset
		case s.digits():
			e.digits()
			number = s.pad == 0
		default:
			e.kind = readName
		}
		switch {
		case !number:
			first = -1
		case first >= 0 && e.min == e.max && e.signs == unsigned:
			all[first].reserved += e.max
		default:
			first = at
		}
		all = append(all, e)
	}
	return all
}

// digits says how a number is read, as Java's appendPattern does.
func (e *element) digits() {
	const most = 19
	e.kind, e.min, e.max = readNumber, e.width, e.width
	switch {
	case e.field == 'S':
		e.kind = readFraction
	case e.style == years && e.width == 2:
		e.kind = readShortYear
	case e.style == years:
		e.max, e.signs = most, negatable
		if e.width > 3 {
			e.signs = exceedsPad
		}
	case e.is("AnN"):
		e.max = most
	case e.width == 1:
		e.max, e.signs = most, negatable
	case e.field == 'D':
		e.max = 3
	}
}
