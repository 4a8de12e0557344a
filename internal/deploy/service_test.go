package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"standpipe/config"
	"standpipe/internal/docs"
)

// stopWithin is how long a stop may take at most, by docs/operations.md.
const stopWithin = 20 * time.Second

// container is the only one of the task.
func (c *template) container() map[string]any {
	return c.made("Task")["ContainerDefinitions"].([]any)[0].(map[string]any)
}

// config is what the task's program reads from its environment.
func (c *template) config() config.Config {
	c.t.Helper()
	var env []string
	for _, v := range c.container()["Environment"].([]any) {
		pair := v.(map[string]any)
		env = append(env, fmt.Sprint(pair["Name"], "=", pair["Value"]))
	}
	cfg, err := config.Load(config.Source{Env: env})
	if err != nil {
		c.t.Fatal(err)
	}
	if w := cfg.Warnings(); len(w) > 0 {
		c.t.Errorf("warnings %q", w)
	}
	return cfg
}

// each runs a test with the template's defaults, and with all that it can make.
func each(t *testing.T, test func(t *testing.T, c *template)) {
	for name, given := range map[string]map[string]string{
		"defaults": {"StreamName": "clicks"}, "own bucket": {"BucketName": "lake", "StreamName": "orders.eu", "Prefix": "a/b/"}, "everything": everything,
	} {
		t.Run(name, func(t *testing.T) { test(t, parse(t, given)) })
	}
}

// TestTaskRunsTheProgram: the environment is a configuration, of the stream, table and bucket that the template has.
func TestTaskRunsTheProgram(t *testing.T) {
	each(t, func(t *testing.T, c *template) {
		cfg := c.config()
		stream := c.parameters["StreamName"]
		bucket := "ref-bucket"
		if own := c.parameters["BucketName"]; own != "" {
			bucket = own
		}
		if cfg.Stream.Name != stream || cfg.Stream.Region != "eu-west-1" || cfg.Leases.Application != "standpipe-"+stream || cfg.Leases.Table != c.made("LeaseTable")["TableName"] {
			t.Errorf("got %+v, %+v", cfg.Stream, cfg.Leases)
		}
		if cfg.Outputs[0].Bucket != bucket || cfg.Outputs[0].Prefix != c.parameters["Prefix"]+"year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/" {
			t.Errorf("got %+v", cfg.Outputs[0])
		}
		if fmt.Sprint(time.Duration(cfg.Buffer.Interval).Seconds()) != c.parameters["BufferInterval"] || !cfg.Metrics.CloudWatch {
			t.Errorf("got %+v, %+v", cfg.Buffer, cfg.Metrics)
		}
		if database := c.parameters["GlueDatabase"]; database != "" && (cfg.Outputs[0].Catalog != "glue" || cfg.Outputs[0].Glue.Database != database) {
			t.Errorf("got %+v", cfg.Outputs[0].Glue)
		}
		memory, err := strconv.Atoi(c.made("Task")["Memory"].(string))
		if err != nil || memory < room() {
			t.Errorf("a task has %d MiB, the program needs %d", memory, room())
		}
		if command := fmt.Sprint(c.container()["HealthCheck"].(map[string]any)["Command"]); command != "[CMD /standpipe health]" || !strings.Contains(read(t, "Dockerfile"), `CMD ["/standpipe", "health"]`) {
			t.Errorf("the health check is %s", command)
		}
	})
}

// TestTaskIsConfined as its image is made for.
func TestTaskIsConfined(t *testing.T) {
	c := parse(t, nil)
	task, box := c.made("Task"), c.container()
	if box["ReadonlyRootFilesystem"] != "true" || fmt.Sprint(box["LinuxParameters"]) != "map[Capabilities:map[Drop:[ALL]]]" || box["User"] != nil || box["Privileged"] != nil {
		t.Errorf("got %v", box)
	}
	if fmt.Sprint(task["RuntimePlatform"]) != "map[CpuArchitecture:ARM64 OperatingSystemFamily:LINUX]" || task["NetworkMode"] != "awsvpc" {
		t.Errorf("got %v", task)
	}
	if group := c.made("SecurityGroup"); group["SecurityGroupIngress"] != nil {
		t.Errorf("the network lets %v in", group["SecurityGroupIngress"])
	}
	if options := box["LogConfiguration"].(map[string]any)["Options"].(map[string]any); options["mode"] != "non-blocking" {
		t.Errorf("logs may hold up delivery: %v", options)
	}
}

// TestDeploymentsHandLeasesOver: new tasks before old ones stop, and time to commit and to hand over.
func TestDeploymentsHandLeasesOver(t *testing.T) {
	c := parse(t, nil)
	d := c.made("Service")["DeploymentConfiguration"].(map[string]any)
	if d["MinimumHealthyPercent"] != "100" || d["MaximumPercent"] != "200" || fmt.Sprint(d["DeploymentCircuitBreaker"]) != "map[Enable:true Rollback:true]" {
		t.Errorf("got %v", d)
	}
	stop, err := strconv.Atoi(c.container()["StopTimeout"].(string))
	if err != nil || time.Duration(stop)*time.Second < stopWithin || stop > 120 { // Fargate's most
		t.Errorf("a stop may take %d s, %v", stop, err)
	}
	if !strings.Contains(read(t, "docs/operations.md"), fmt.Sprintf("within %d s", int(stopWithin.Seconds()))) {
		t.Error("docs/operations.md does not say any more how long a stop takes")
	}
}

// TestTableIsALeaseTable: with the key that the program asks for, and billed by use.
func TestTableIsALeaseTable(t *testing.T) {
	table := parse(t, nil).made("LeaseTable")
	key := regexp.MustCompile(`keyAttr\s*=\s*"(\w+)"`).FindStringSubmatch(read(t, "consumer/rows.go"))
	if key == nil {
		t.Fatal("consumer/rows.go does not name the key any more")
	}
	if fmt.Sprint(table["KeySchema"]) != "[map[AttributeName:"+key[1]+" KeyType:HASH]]" || fmt.Sprint(table["AttributeDefinitions"]) != "[map[AttributeName:"+key[1]+" AttributeType:S]]" || table["BillingMode"] != "PAY_PER_REQUEST" {
		t.Errorf("got %v", table)
	}
}

// TestLifecycleRules: uploads that nobody completes go, in days; journals stay for longer than anything that needs them.
func TestLifecycleRules(t *testing.T) {
	c := parse(t, map[string]string{"StreamName": "clicks"})
	least := regexp.MustCompile(`const minRuleDays = (\d+)`).FindStringSubmatch(read(t, "cmd/standpipe/check_online_lifecycle.go"))
	rules := c.made("Bucket")["LifecycleConfiguration"].(map[string]any)["Rules"].([]any)
	if least == nil || len(rules) != 2 {
		t.Fatalf("%v, %v", least, rules)
	}
	uploads, journals := rules[0].(map[string]any), rules[1].(map[string]any)
	if uploads["Prefix"] != nil || uploads["Status"] != "Enabled" || fmt.Sprint(uploads["AbortIncompleteMultipartUpload"]) != "map[DaysAfterInitiation:"+least[1]+"]" {
		t.Errorf("got %v", uploads)
	}
	if journals["Prefix"] != c.config().Journal.Prefix || journals["ExpirationInDays"] != "400" {
		t.Errorf("got %v, journals are under %s", journals, c.config().Journal.Prefix)
	}
}

type statement struct {
	Effect           string
	Resource, Action any
}

// granted gives the resources of each action of a role.
func (c *template) granted(role string) map[string][]string {
	c.t.Helper()
	all := map[string][]string{}
	for _, p := range c.made(role)["Policies"].([]any) {
		text, err := json.Marshal(p.(map[string]any)["PolicyDocument"].(map[string]any)["Statement"])
		var list []statement
		if err == nil {
			err = json.Unmarshal(text, &list)
		}
		if err != nil {
			c.t.Fatal(err)
		}
		for _, s := range list {
			for _, action := range texts(s.Action) {
				if s.Effect != "Allow" || strings.Contains(action, "*") {
					c.t.Errorf("%s has %+v", role, s)
				}
				all[action] = append(all[action], texts(s.Resource)...)
			}
		}
	}
	return all
}

func texts(v any) (list []string) {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	for _, e := range v.([]any) {
		list = append(list, e.(string))
	}
	return list
}

// TestRoleAllowsWhatPermissionsSay: the actions of docs/permissions.md for run, but for making the table, which the template
// does, and calling functions, which it has none of; on nothing but the stack's own stream, table and places.
func TestRoleAllowsWhatPermissionsSay(t *testing.T) {
	page := read(t, "docs/permissions.md")
	_, body, _ := strings.Cut(page, "```json\n")
	body, _, _ = strings.Cut(body, "```")
	var policy struct{ Statement []statement }
	if err := json.Unmarshal([]byte(body), &policy); err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, c *template) {
		want := map[string]bool{}
		for _, s := range policy.Statement {
			for _, action := range texts(s.Action) {
				want[action] = !strings.HasPrefix(action, "glue:") || c.parameters["GlueDatabase"] != ""
			}
		}
		want["dynamodb:CreateTable"], want["lambda:InvokeFunction"] = false, false
		maps.DeleteFunc(want, func(_ string, is bool) bool { return !is })
		got := c.granted("TaskRole")
		if has, should := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(has, should) || len(has) < 12 {
			t.Errorf("the role allows\n%v, docs/permissions.md\n%v", has, should)
		}
		known := map[string]bool{}
		for _, actions := range docs.Actions {
			for _, a := range actions {
				known[a] = true
			}
		}
		cfg := c.config()
		bucket := "arn:aws:s3:::" + cfg.Outputs[0].Bucket
		prefix, _, _ := strings.Cut(cfg.Outputs[0].Prefix, "year=")
		errors, _, _ := strings.Cut(cfg.Errors.Prefix, "!{")
		places := map[string][]string{
			"s3:PutObject": {bucket + "/" + prefix + "*", bucket + "/" + errors + "*", bucket + "/" + cfg.Journal.Prefix + "*"}, "s3:ListBucket": {bucket},
			"kinesis:GetRecords": {"arn:aws:kinesis:eu-west-1:111122223333:stream/" + cfg.Stream.Name}, "dynamodb:PutItem": {"attribute-LeaseTable-Arn"},
		}
		if cfg.Outputs[0].Catalog != "" {
			places["glue:GetTable"] = []string{"arn:aws:glue:eu-west-1:111122223333:catalog", "arn:aws:glue:eu-west-1:111122223333:database/lake", "arn:aws:glue:eu-west-1:111122223333:table/lake/" + cfg.Outputs[0].Glue.Table}
		}
		for action, want := range places {
			if !slices.Equal(got[action], want) {
				t.Errorf("%s is allowed on %v, should be on %v", action, got[action], want)
			}
		}
		for action, where := range got {
			if !known[action] {
				t.Errorf("nobody needs %s", action)
			}
			if slices.Contains(where, "*") {
				t.Errorf("%s is allowed on everything", action)
			}
		}
	})
}

// TestFrontPutsTheBodyAsItIs: the template of LocalStack's init.sh, by which TestInitScript carries records byte for byte.
func TestFrontPutsTheBodyAsItIs(t *testing.T) {
	c := parse(t, map[string]string{"Front": "body", "StreamName": "clicks"})
	integration := c.made("ApiMethod")["Integration"].(map[string]any)
	got := integration["RequestTemplates"].(map[string]any)["application/json"].(string)
	script := regexp.MustCompile(`(?m)^template='(.*)'$`).FindStringSubmatch(read(t, "deploy/localstack/init.sh"))
	want := strings.NewReplacer(`\"`, `"`, `'$stream'`, "clicks").Replace(script[1])
	if got != want {
		t.Errorf("the front's template is\n%s, that of init.sh\n%s", got, want)
	}
	if integration["PassthroughBehavior"] != "NEVER" || fmt.Sprint(integration["IntegrationResponses"]) != `[map[StatusCode:200] map[SelectionPattern:[45]\d{2} StatusCode:502]]` {
		t.Errorf("got %v", integration)
	}
	if may := c.granted("ApiRole"); len(may) != 1 || !slices.Equal(may["kinesis:PutRecord"], []string{"arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"}) {
		t.Errorf("the front may %v", may)
	}
	if parse(t, nil).parameters["FrontAuthorization"] != "AWS_IAM" {
		t.Error("the front is open to everybody unless somebody closes it")
	}
}
