package docs

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"

	"standpipe/internal/emf"
)

func TestCloudWatchTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Metric | Unit | Statistic | Meaning | The same name in AWS/Firehose |\n|---|---|---|---|---|\n")
	for _, m := range emf.Metrics {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Unit, m.Statistic, m.Meaning, cmp.Or(m.Firehose, "none"))
	}
	keep(t, operations, "cloudwatch", b.String())
	always := 0
	for _, m := range emf.Metrics {
		if !strings.Contains(m.Meaning, "Only with ") {
			always++
		}
	}
	if said := fmt.Sprintf("%d of these are $%.2f a month", always, 0.3*float64(always)); !strings.Contains(read(t, operations), said) {
		t.Errorf("%s does not say that %s", operations, said)
	}
}

// TestCloudWatchMetricsHaveSources: what the lines are made of are metrics that the program has, and so are the values of
// their labels.
func TestCloudWatchMetricsHaveSources(t *testing.T) {
	known := map[string]bool{}
	for _, m := range metrics(t) {
		name, _, _ := strings.Cut(m[0], "{")
		known[name] = true
	}
	named := 0
	for _, file := range []string{"metrics.go", "window.go"} {
		for _, name := range regexp.MustCompile(`"(standpipe_[a-z_]+)"`).FindAllStringSubmatch(read(t, path.Join("internal/emf", file)), -1) {
			if named++; !known[name[1]] {
				t.Errorf("internal/emf/%s names %s, which is not in %s", file, name[1], metricsFile)
			}
		}
	}
	if named < 20 {
		t.Errorf("%d metrics are named", named)
	}
	for word, file := range map[string]string{
		`"CreateMultipartUpload"`: "sink/object.go", `"UploadPart"`: "sink/object.go", `"CompleteMultipartUpload"`: "sink/carryout.go",
		`"DynamicPartitioning.ActivePartitionsLimitExceeded"`: "sink/keys.go", `"DataFormatConversion.`: "sink/parquet/fiterror.go", `"ok"`: "sink/steps/transform/metrics.go", `"errors"`: "cmd/standpipe/pipeline.go",
	} {
		if !strings.Contains(read(t, "internal/emf/metrics.go"), word) || !strings.Contains(read(t, file), word) {
			t.Errorf("%s is not in internal/emf/metrics.go and %s", word, file)
		}
	}
}
