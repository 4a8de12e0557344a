package parquet

// Column is a column of a table, as Glue has it.
type Column struct {
	Name string // in any case; the Parquet column has it in lower case, as in Glue
	Type string // of Hive's data definition language, such as "array<decimal(10,2)>"
	Key  string // the JSON key that fills the column, where it is not the name: ColumnToJsonKeyMappings of Firehose
}

// Options say how records are read and how columns are stored. The zero value is Firehose's own behaviour with
// timestamps as microseconds.
type Options struct {
	// Timestamps is how columns of type timestamp are stored.
	Timestamps Timestamps

	// CaseSensitive switches off the comparison of keys without case, at every depth: CaseInsensitive false of Firehose.
	// A key then has to equal the name as it is written in Column.Name, or in the type of a struct. Without it, and
	// without Strict, the keys of maps and those in JSON kept as text come out in lower case, as Firehose makes them.
	CaseSensitive bool

	// DotsToUnderscores fills a column a_b from a key a.b, at every depth: ConvertDotsInJsonKeysToUnderscores of Firehose.
	DotsToUnderscores bool

	// Rest adds a last column "_rest" of type string. It keeps, as one JSON object, the top-level keys of a record that
	// fill no column, spelled as they came, and is null where there are none. Without it they are dropped, as unknown keys
	// inside structs always are.
	Rest bool

	// Strict takes values of the declared types only: integers and decimals that fit without rounding, strings that are
	// strings, dates as 2006-01-02, timestamps as RFC 3339 or as numbers in the unit of Epoch, binary as padded base64,
	// arrays, maps and structs that are arrays and objects, records that are objects. Keys are still compared without case,
	// since Glue keeps names in lower case only, unless CaseSensitive; unknown keys are still dropped, unless Rest.
	Strict bool

	// Epoch is the unit in which Strict takes numbers for timestamps. Otherwise numbers below 1e12 are seconds and all
	// others milliseconds, as Firehose has it.
	Epoch Epoch
}

// Timestamps is how columns of type timestamp are stored. All but Int96 are INT64 with the logical type TIMESTAMP,
// adjusted to UTC.
type Timestamps uint8

const (
	Micros Timestamps = iota // microseconds; years 0 to 9999 and beyond
	Millis                   // milliseconds; finer fractions are cut off
	Nanos                    // nanoseconds; a time before 1677 or after 2262 does not fit
	Int96                    // the deprecated physical type that Hive and Firehose write, for readers that know no other
)

// Epoch is a unit of numbers that count from 1970.
type Epoch uint8

const (
	EpochSeconds Epoch = iota // with or without a fraction
	EpochMillis
	EpochMicros
	EpochNanos
)

// RestColumn is the name of the column that [Options].Rest adds.
const RestColumn = "_rest"
