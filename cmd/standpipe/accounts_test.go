package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"standpipe/internal/faults"
	"standpipe/sink"
)

const (
	streamRole = "arn:aws:iam::444455556666:role/clicks-reader"
	pondRole   = "arn:aws:iam::777788889999:role/data/pond-writer"
	pondID     = "pond:4711"
)

// accounts is a cloud of three accounts: ours with the lease table and the bucket lake, that of the stream, and
// that of the bucket pond. Who asks as somebody else than the owner's account knows is refused.
type accounts struct {
	*cloud

	mu       sync.Mutex
	assumed  []url.Values                           // requests of AssumeRole, in order
	lasts    time.Duration                          // validity of credentials, 0: as asked for
	refuse   func(request url.Values) *faults.Error // instead of a role, nil: none
	strange  []string                               // requests made as somebody else
	uploads  []http.Header                          // of CreateMultipartUpload
	uploaded []string                               // buckets and keys of them
}

func newAccounts(t *testing.T) *accounts {
	t.Helper()
	a := &accounts{cloud: newCloud(t)}
	at := httptest.NewServer(http.HandlerFunc(a.sts))
	t.Cleanup(at.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", at.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "own")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "word")
	makePond(t, a.s3URL)
	a.kinesis.Control("", func(c faults.Call, _ func()) error { return a.guard(c, "clicks-reader", "AccessDeniedException") })
	a.dynamo.Control("", func(c faults.Call, _ func()) error { return a.guard(c, "own", "AccessDeniedException") })
	a.s3.Control("", a.ownersOfBuckets)
	t.Cleanup(func() {
		for _, s := range a.strange {
			t.Error(s)
		}
	})
	return a
}

// makePond makes the bucket pond on an S3 server.
func makePond(t *testing.T, server string) {
	t.Helper()
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server+"/pond", nil)
	must(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(put)
	must(t, err)
	must(t, answer.Body.Close())
}

// env is a configuration that reads the stream as one role and writes pond as another. Errors go to pond, journals
// to lake.
func (a *accounts) env(more ...string) []string {
	return a.cloud.env(append([]string{
		"STANDPIPE_STREAM_ROLE_ARN=" + streamRole, "STANDPIPE_STREAM_REGION=eu-west-1",
		"STANDPIPE_OUTPUTS_1_BUCKET=pond", "STANDPIPE_OUTPUTS_1_PREFIX=clicks/",
		"STANDPIPE_OUTPUTS_1_ROLE_ARN=" + pondRole, "STANDPIPE_OUTPUTS_1_EXTERNAL_ID=" + pondID, "STANDPIPE_ERRORS_BUCKET=pond",
	}, more...)...)
}

var credential = regexp.MustCompile(`Credential=([^/,]+)/`)

// caller is whose credentials a request was signed with.
func caller(h http.Header) string {
	m := credential.FindStringSubmatch(h.Get("Authorization"))
	switch {
	case m == nil:
		return "nobody"
	case m[1] != "own" && h.Get("X-Amz-Security-Token") != "token of "+m[1]:
		return m[1] + " without the session's token"
	}
	return m[1]
}

// ownersOfBuckets guards S3, and notes what is created.
func (a *accounts) ownersOfBuckets(c faults.Call, _ func()) error {
	if c.Op == "CreateMultipartUpload" {
		a.mu.Lock()
		a.uploads, a.uploaded = append(a.uploads, c.Header), append(a.uploaded, c.Object)
		a.mu.Unlock()
	}
	owner := "own"
	if bucket, _, _ := strings.Cut(c.Object, "/"); bucket == "pond" {
		owner = "pond-writer"
	}
	return a.guard(c, owner, "AccessDenied")
}

func (a *accounts) guard(c faults.Call, owner, code string) error {
	who := caller(c.Header)
	if who == owner {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.strange = append(a.strange, fmt.Sprintf("%s of %s is asked as %s, not %s", c.Op, c.Object, who, owner))
	return &faults.Error{Status: http.StatusForbidden, Code: code, Message: "no"}
}

// sts answers AssumeRole. A role's access key is its name.
func (a *accounts) sts(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Form.Get("Action") != "AssumeRole" || caller(r.Header) != "own" {
		http.Error(w, "not AssumeRole by own", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.assumed = append(a.assumed, r.Form)
	no := a.refuse
	if no == nil {
		no = a.trust
	}
	if e := no(r.Form); e != nil {
		w.WriteHeader(e.Status)
		_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>", e.Code, e.Message)
		return
	}
	lasts := a.lasts
	if lasts == 0 {
		lasts, _ = time.ParseDuration(r.Form.Get("DurationSeconds") + "s")
	}
	arn := r.Form.Get("RoleArn")
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/%s/%s</Arn><AssumedRoleId>x</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>%[1]s</AccessKeyId><SecretAccessKey>word</SecretAccessKey><SessionToken>token of %[1]s</SessionToken><Expiration>%[3]s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		name, r.Form.Get("RoleSessionName"), time.Now().Add(lasts).UTC().Format(time.RFC3339Nano))
}

const notAuthorized = "User: arn:aws:iam::111122223333:user/own is not authorized to perform: sts:AssumeRole"

// trust is what the two roles ask for.
func (a *accounts) trust(request url.Values) *faults.Error {
	asked := map[string]string{streamRole: "", pondRole: pondID}
	if id, known := asked[request.Get("RoleArn")]; known && (id == "" || id == request.Get("ExternalId")) {
		return nil
	}
	return &faults.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: notAuthorized}
}

// setSTS makes STS refuse from now on as refuse says; nil: as the roles' trust policies do.
func (a *accounts) setSTS(lasts time.Duration, refuse func(url.Values) *faults.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lasts, a.refuse = lasts, refuse
}

// calls gives the requests of AssumeRole so far.
func (a *accounts) calls() []url.Values {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.assumed)
}

// objects counts the visible objects below a prefix of a bucket.
func (c *cloud) objects(bucket, prefix string) int {
	n := 0
	for _, o := range c.s3.Objects(bucket) {
		if strings.HasPrefix(o.Key, prefix) {
			n++
		}
	}
	return n
}

// deliver runs a daemon until it has carried a record and one that is no JSON.
func (a *accounts) deliver(t *testing.T, env []string) {
	t.Helper()
	for _, body := range []string{`{"n":1}`, "no JSON"} {
		if _, _, err := a.kinesis.Put("clicks", body, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	d := start(t, env)
	d.leased(t)
	eventually(t, "read both records", func() bool { return d.read(t) == 2 })
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"lake/clicks/", "pond/clicks/", "pond/errors/", "lake/_standpipe/"} {
		bucket, prefix, _ := strings.Cut(place, "/")
		if a.objects(bucket, prefix) == 0 {
			t.Errorf("nothing under %s", place)
		}
	}
}

// TestRunAcrossAccounts carries records from one account to two others, asking each as whom it knows.
func TestRunAcrossAccounts(t *testing.T) {
	a := newAccounts(t)
	a.deliver(t, a.env())
	calls := a.calls()
	if len(calls) != 2 {
		t.Errorf("%d roles were assumed, want each of 2 once", len(calls))
	}
	for _, c := range calls {
		want := map[string]string{streamRole: "", pondRole: pondID}[c.Get("RoleArn")]
		if c.Get("ExternalId") != want || c.Has("ExternalId") != (want != "") || !strings.HasPrefix(c.Get("RoleSessionName"), "standpipe-clicks@") {
			t.Errorf("asked with %v", c)
		}
	}
}

// TestEveryObjectIsCreatedAsConfigured looks at data, errors and journals.
func TestEveryObjectIsCreatedAsConfigured(t *testing.T) {
	for _, tc := range []struct {
		env           []string
		sse, key, acl string
	}{
		{nil, "", "", ""},
		{[]string{"STANDPIPE_S3_SSE=AES256", "STANDPIPE_S3_ACL=bucket-owner-full-control"}, "AES256", "", "bucket-owner-full-control"},
		{[]string{"STANDPIPE_S3_SSE=aws:kms"}, "aws:kms", "", ""},
		{[]string{"STANDPIPE_S3_SSE=aws:kms", "STANDPIPE_S3_KMS_KEY=alias/lake"}, "aws:kms", "alias/lake", ""},
	} {
		t.Run(tc.sse+tc.key, func(t *testing.T) {
			a := newAccounts(t)
			a.deliver(t, a.env(tc.env...))
			if len(a.uploads) < 4 {
				t.Errorf("%d uploads", len(a.uploads))
			}
			for i, h := range a.uploads {
				if h.Get("X-Amz-Server-Side-Encryption") != tc.sse || h.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") != tc.key || h.Get("X-Amz-Acl") != tc.acl {
					t.Errorf("%s is created with %v", a.uploaded[i], h)
				}
			}
		})
	}
}

const (
	streamRefused = "role " + streamRole + " can not be assumed for stream clicks (AccessDenied: " + notAuthorized + "): see that the role exists, that its trust policy names this program's identity and asks for no sts:ExternalId, or set stream.external_id to the one it asks for, and that this identity's own policies allow sts:AssumeRole on the role"
	pondRefused   = "role " + pondRole + " can not be assumed for bucket pond (AccessDenied: " + notAuthorized + "): see that the role exists, that its trust policy names this program's identity and asks for the sts:ExternalId that outputs[1].external_id has, or for none, and that this identity's own policies allow sts:AssumeRole on the role"
)

// TestRefusedRoles ends the start with a sentence for each.
func TestRefusedRoles(t *testing.T) {
	a := newAccounts(t)
	a.expect(t, a.env("STANDPIPE_OUTPUTS_1_EXTERNAL_ID=wrong"), exitRuntime, pondRefused)
	a.setSTS(0, func(url.Values) *faults.Error {
		return &faults.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: notAuthorized}
	})
	a.expect(t, a.env(), exitRuntime, streamRefused, pondRefused)
	a.setSTS(0, func(url.Values) *faults.Error {
		return &faults.Error{Status: http.StatusForbidden, Code: "ExpiredToken", Message: "The security token included in the request is expired"}
	})
	a.expect(t, a.env(), exitRuntime, "STS does not accept the AWS credentials (ExpiredToken): renew them, and check this machine's clock")
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
	a.expect(t, a.env(), exitRuntime, "STS can not be reached at http://127.0.0.1:1 (connection refused): start it, or set AWS_ENDPOINT_URL_STS to where it is")
}

// TestThrottledSTSDuringTheStart is asked again, as other services are.
func TestThrottledSTSDuringTheStart(t *testing.T) {
	a := newAccounts(t)
	a.setSTS(0, func(request url.Values) *faults.Error {
		if len(a.assumed) <= 2 { // a.mu is held
			return &faults.Error{Status: http.StatusBadRequest, Code: "Throttling", Message: "Rate exceeded"}
		}
		return a.trust(request)
	})
	a.deliver(t, a.env())
	if n := len(a.calls()); n != 4 {
		t.Errorf("%d requests, want 2 that are throttled and 2 more", n)
	}
}

// TestRoleIsRefusedLater has STS refuse one role while the daemon works: it waits, says so in its metrics, and goes on.
func TestRoleIsRefusedLater(t *testing.T) {
	for arn, retries := range map[string]string{streamRole: "standpipe_read_retries_total", pondRole: "standpipe_retries_total"} {
		t.Run(arn, func(t *testing.T) {
			a := newAccounts(t)
			a.setSTS(time.Millisecond, nil) // every request needs new credentials
			d := start(t, a.env("STANDPIPE_BUFFER_INTERVAL=1s"))
			d.leased(t)
			a.setSTS(0, func(request url.Values) *faults.Error {
				if request.Get("RoleArn") != arn {
					return a.trust(request)
				}
				return &faults.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: notAuthorized}
			})
			if _, _, err := a.kinesis.Put("clicks", "k", []byte(`{"n":1}`)); err != nil {
				t.Fatal(err)
			}
			eventually(t, "repeat what failed", func() bool { return d.metric(t, retries) > 1 })
			if a.objects("lake", "clicks/")+a.objects("pond", "clicks/") != 0 {
				t.Error("objects are visible without the role")
			}
			a.setSTS(0, nil)
			eventually(t, "deliver the record", func() bool { return a.objects("lake", "clicks/") == 1 && a.objects("pond", "clicks/") == 1 })
			d.signal()
			if err := <-d.ended; err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestOnlineCheckOfOtherAccounts says as whom everything is used.
func TestOnlineCheckOfOtherAccounts(t *testing.T) {
	a := newAccounts(t)
	env := a.env()
	check := func(code int, env []string) map[string]string {
		r := execute(t, env, "check", "--online")
		if r.code != code {
			t.Errorf("want code %d, got %s", code, r)
		}
		return findings(t, r)
	}
	ours := ", used as this program's own identity"
	lines := check(exitOK, env)
	for check, want := range map[string]string{
		"credentials":               "ok: found for STS, DynamoDB and S3",
		"role " + streamRole:        "ok: assumed for stream clicks",
		"role " + pondRole:          "ok: assumed for bucket pond",
		"stream clicks":             "ok: exists in eu-west-1, used as role " + streamRole,
		"bucket lake":               "ok: exists in eu-west-1" + ours,
		"bucket pond":               "ok: exists in eu-west-1, used as role " + pondRole,
		"s3://pond/clicks/: upload": "ok: created with CRC32, one part, listed, aborted",
	} {
		if lines[check] != want {
			t.Errorf("%s\n got: %s\nwant: %s", check, lines[check], want)
		}
	}
	lines = check(exitRuntime, a.env("STANDPIPE_OUTPUTS_1_EXTERNAL_ID=wrong"))
	for check, want := range map[string]string{
		"role " + streamRole:        "ok: assumed for stream clicks",
		"role " + pondRole:          "failed: " + pondRefused,
		"stream clicks":             "ok: exists in eu-west-1, used as role " + streamRole,
		"bucket lake":               "ok: exists in eu-west-1" + ours,
		"bucket pond":               "skipped: the line above comes first",
		"s3://pond/clicks/: upload": "skipped: the line above comes first",
	} {
		if lines[check] != want {
			t.Errorf("%s\n got: %s\nwant: %s", check, lines[check], want)
		}
	}
	a.setSTS(0, func(url.Values) *faults.Error {
		return &faults.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: notAuthorized}
	})
	lines = check(exitRuntime, env)
	for check, want := range map[string]string{
		"stream clicks": "skipped: the line above comes first", "stream clicks: read": "skipped: the line above comes first",
		"bucket lake": "ok: exists in eu-west-1" + ours, "cost": "skipped: the number of shards is not known",
	} {
		if lines[check] != want {
			t.Errorf("%s\n got: %s\nwant: %s", check, lines[check], want)
		}
	}
}

// TestOnlineCheckByARN describes, lists and reads the stream that the ARN names, not one of that name at home.
func TestOnlineCheckByARN(t *testing.T) {
	c := newCloud(t)
	asked := 0
	c.kinesis.Control("", func(call faults.Call, _ func()) error {
		if asked++; !strings.Contains(string(call.Body), `"StreamARN":"arn:aws:kinesis:eu-west-1:444455556666:stream/clicks"`) || strings.Contains(string(call.Body), "StreamName") {
			t.Errorf("%s asks for %s", call.Op, call.Body)
		}
		return nil
	})
	r := execute(t, c.env("STANDPIPE_STREAM_NAME=", "STANDPIPE_STREAM_ARN=arn:aws:kinesis:eu-west-1:444455556666:stream/clicks"), "check", "--online")
	if r.code != exitOK || asked != 4 {
		t.Errorf("%d requests, %s", asked, r)
	}
}

// TestSummaryNamesTheRoles without asking anybody.
func TestSummaryNamesTheRoles(t *testing.T) {
	a := newAccounts(t)
	r := execute(t, a.env(), "check")
	for _, want := range []string{"clicks in eu-west-1 at " + a.kinesisURL + " as " + streamRole + ", from", ".ndjson.gz as " + pondRole + "\n", "s3://lake/_standpipe/standpipe-clicks/\n"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is missing in %s", want, r)
		}
	}
	if n := len(a.calls()); n != 0 {
		t.Errorf("%d roles were assumed", n)
	}
}

// TestCleanAcrossAccounts lists and aborts in each bucket as whom it knows.
func TestCleanAcrossAccounts(t *testing.T) {
	h := newHarbour(t)
	a := newAccounts(t)
	a.dynamo, a.dynamoURL = h.dynamo, h.dynamoURL
	server, at := h.s3, h.s3URL
	makePond(t, at)
	for _, bucket := range []string{"lake", "pond"} {
		_, err := h.store.Create(t.Context(), bucket, key("clicks/", uuid.NewString(), 0), "b", sink.Form{ContentType: "text/plain"})
		must(t, err)
	}
	server.Control("", a.ownersOfBuckets)
	a.s3URL = at
	r := execute(t, a.env(), "clean", "--yes")
	if r.code != exitOK || !strings.Contains(r.stdout, "\n2 uploads: 0 orphans, 2 aborted") || len(server.Uploads("lake"))+len(server.Uploads("pond")) != 0 {
		t.Errorf("got %s", r)
	}
	r = execute(t, a.env("STANDPIPE_OUTPUTS_1_EXTERNAL_ID=wrong"), "clean", "--yes")
	if r.code != exitRuntime || r.stderr != "standpipe: "+pondRefused+"\n" {
		t.Errorf("got %s", r)
	}
}
