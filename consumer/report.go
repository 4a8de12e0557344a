package consumer

// reportAttr is the attribute of a worker's row that holds its report.
const reportAttr = "workerReport"

// rowBytes is what a worker's row may take: DynamoDB bills a write by the KB begun, so that a report within it costs nothing.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
const rowBytes = 1024

// longestReport is what is taken of another worker, with room for what later versions may write. An item can have 400 KB, and
// every worker keeps the reports of all others and shows them.
const longestReport = 4 * rowBytes

// ReportRoom is how many bytes of UTF-8 a worker's report may take.
func ReportRoom(worker string) int {
	const numbers = 3 * 21 // the most that maxLeases, beat and leaving take
	fixed := len(keyAttr) + len(workerKey) + len("entityType") + len(workerKind) + len("maxLeases") + len("beat") + len("leaving") + len(reportAttr) + numbers
	return max(0, rowBytes-fixed-len(worker))
}

// report is what this worker says of itself, "" when that is nothing.
func (c *Consumer) report() string {
	if c.opts.Report == nil {
		return ""
	}
	room := ReportRoom(c.opts.Worker)
	if text := c.opts.Report(room); len(text) <= room {
		return text
	}
	return ""
}
