package emf

const (
	oldest = "standpipe_oldest_uncommitted_seconds"
	behind = "standpipe_behind_latest_max_seconds"
)

// Metric is one metric of CloudWatch.
type Metric struct {
	Name      string
	Unit      string // of CloudWatch's MetricDatum
	Statistic string // by which the lines of all workers are to be taken together
	Meaning   string
	Firehose  string // how the metric of the same name in AWS/Firehose differs: "the same", or in words; "" = it has none

	value func(*window) (v float64, ok bool) // !ok: the line leaves it out
}

// uploads are the requests by which objects come into being.
var uploads = []label{is("service", "s3"), is("op", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")}

// data are the outputs' lines and objects, without those of the error output.
func data(name string) func(*window) (float64, bool) {
	return func(w *window) (float64, bool) {
		return w.grown(name) - w.grown(name, is("output", "errors")), true
	}
}

// count is the growth of counters, told also while it is 0.
func count(name string, labels ...label) func(*window) (float64, bool) {
	return func(w *window) (float64, bool) { return w.grown(name, labels...), true }
}

// counted is the same, left out where the program has no such counter.
func counted(name string, labels ...label) func(*window) (float64, bool) {
	return func(w *window) (float64, bool) { return w.grown(name, labels...), w.now.has(name) }
}

// gauge is a value as it is now.
func gauge(name string) func(*window) (float64, bool) {
	return func(w *window) (float64, bool) { return w.now.total(name), w.now.has(name) }
}

// highest is the highest value of a gauge within the window.
func highest(name string, times float64) func(*window) (float64, bool) {
	return func(w *window) (float64, bool) { return times * w.peak[name], w.now.has(name) }
}

// share is how much of all is part, left out where there is nothing.
func share(part, all float64) (float64, bool) { return part / all, all > 0 }

const same = "the same"

// Metrics are all that a line may hold, in the order of the documents' table. Firehose's are described at
// https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
var Metrics = []Metric{
	{"DeliveryToS3.DataFreshness", "Seconds", "Maximum", "Age, since it was read, of the oldest record that is not visible yet: the highest of the minute. Left out while there is none.",
		"the same while it delivers; there it also stays out while delivery is blocked, here it grows",
		func(w *window) (float64, bool) { return w.peak[oldest], w.peak[oldest] > 0 }},
	{"DeliveryToS3.Records", "Count", "Sum", "Records made visible, of each output but the error output.", "the same, with one destination", data("standpipe_delivered_records_total")},
	{"DeliveryToS3.Bytes", "Bytes", "Sum", "Their bytes before compression, as lines.", "the same, with one destination; there without the line ends", data("standpipe_delivered_bytes_total")},
	{"DeliveryToS3.ObjectCount", "Count", "Sum", "Objects made visible, of each output but the error output.", "the same; there only with dynamic partitioning", data("standpipe_objects_total")},
	{"DeliveryToS3.Success", "None", "Average", "Share of the requests that write objects that succeeded, 0 to 1. Left out where there were none.", "the same, of its put commands",
		func(w *window) (float64, bool) {
			good := w.grown("standpipe_requests_total", uploads...)
			return share(good, good+w.grown("standpipe_retries_total", uploads...))
		}},
	{"DataReadFromKinesisStream.Records", "Count", "Sum", "Kinesis records read, those read again included; a KPL aggregate is one.", same, count("standpipe_read_records_total")},
	{"DataReadFromKinesisStream.Bytes", "Bytes", "Sum", "Their bytes.", same, count("standpipe_read_bytes_total")},
	{"KinesisMillisBehindLatest", "Milliseconds", "Maximum", "How far the shard that is furthest behind is behind its tip: the highest of the minute. Left out by a worker without shards.", same,
		func(w *window) (float64, bool) {
			return 1000 * w.peak[behind], w.now.total("standpipe_leases_held") > 0
		}},
	{"IncomingRecords", "Count", "Sum", "User records read, those of KPL aggregates one by one.", "the same; AWS documents it for Direct PUT", count("standpipe_user_records_total")},
	{"IncomingBytes", "Bytes", "Sum", "The bytes of the Kinesis records that they came in.", "there the bytes of the records, without those of KPL aggregates around them", count("standpipe_read_bytes_total")},
	{"ExecuteProcessing.Duration", "Milliseconds", "Average", "Time of a call of a Lambda function. Only with lambda steps.", same,
		func(w *window) (float64, bool) {
			const name = "standpipe_lambda_call_seconds"
			return share(1000*w.grown(name), w.now.observations(name)-w.before.observations(name))
		}},
	{"ExecuteProcessing.Success", "None", "Average", "Share of these calls that succeeded, 0 to 1. Only with lambda steps.", same,
		func(w *window) (float64, bool) {
			const name = "standpipe_lambda_calls_total"
			return share(w.grown(name, is("result", "ok")), w.grown(name))
		}},
	{"SucceedConversion.Records", "Count", "Sum", "Records in Parquet files made visible. Only with outputs of format parquet.", same,
		func(w *window) (float64, bool) {
			return w.grown("standpipe_delivered_records_total", is("output", w.parquet...)), len(w.parquet) > 0
		}},
	{"FailedConversion.Records", "Count", "Sum", "Records that did not fit the columns of such an output. Only with outputs of format parquet.", same,
		func(w *window) (float64, bool) {
			return w.grown("standpipe_rejected_records_total", label{name: "code", prefix: "DataFormatConversion."}), len(w.parquet) > 0
		}},
	{"PartitionCountExceeded", "Count", "Maximum", "1 when records found no open path left, else 0. Only with outputs[].max_open_paths.", same,
		func(w *window) (float64, bool) {
			exceeded := 0.0
			if w.grown("standpipe_rejected_records_total", is("code", "DynamicPartitioning.ActivePartitionsLimitExceeded")) > 0 {
				exceeded = 1
			}
			return exceeded, w.limited
		}},

	{"Heartbeats", "Count", "Sum", "Heartbeats written to the lease table, five within leases.failover. None: no worker runs, or none can write.", "", count("standpipe_heartbeats_total")},
	{"ErrorRecords", "Count", "Sum", "Records sent to the error output.", "", count("standpipe_rejected_records_total")},
	{"UntimedRecords", "Count", "Sum", "Records without a usable event time. Only with outputs[].timestamp.", "", counted("standpipe_untimed_records_total")},
	{"RetentionUsed", "Percent", "Maximum", "How much of the stream's retention KinesisMillisBehindLatest is. At 100 records are lost unread.", "",
		func(w *window) (float64, bool) {
			return share(100*w.peak[behind], w.now.total("standpipe_stream_retention_seconds"))
		}},
	{"RetentionGaps", "Count", "Sum", "Times in which records may have left the retention unread.", "", count("standpipe_retention_gaps_total")},
	{"ShardsUnowned", "Count", "Maximum", "Shards that could be read and that no living worker owns: the most of the minute.", "", highest("standpipe_shards_unowned", 1)},
	{"LeasesHeld", "Count", "Sum", "Shards that are read, if the lines come each minute.", "", gauge("standpipe_leases_held")},
	{"LeasesLost", "Count", "Sum", "Leases lost to another worker or freed by an undo.", "", count("standpipe_leases_lost_total")},
	{"WorkersAlive", "Count", "Maximum", "Workers whose heartbeat moves.", "", gauge("standpipe_workers_alive")},
	{"BatchesCommitted", "Count", "Sum", "Batches committed.", "", count("standpipe_batches_total")},
	{"BatchesUndone", "Count", "Sum", "Promised batches taken back because an upload vanished.", "", count("standpipe_batches_undone_total")},
	{"Retries", "Count", "Sum", "Requests that had to be repeated.", "",
		func(w *window) (float64, bool) {
			return w.grown("standpipe_retries_total") + w.grown("standpipe_read_retries_total"), true
		}},
	{"MemoryUsed", "Percent", "Maximum", "How much of buffer.memory is used: the highest of the minute.", "",
		func(w *window) (float64, bool) {
			return share(100*w.peak["standpipe_memory_used_bytes"], w.now.total("standpipe_memory_budget_bytes"))
		}},
}
