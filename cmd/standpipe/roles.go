package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/rs/zerolog"

	"standpipe/config"
)

const (
	// renewBefore is how long before their end credentials of a role are renewed: an outage of STS that is shorter
	// than that goes unnoticed. They last 15 minutes, the SDK's default and STS's least.
	renewBefore = 5 * time.Minute
	// renewAgain is how long to wait with the next attempt while the credentials still last.
	renewAgain = 30 * time.Second
	// longestSession is what STS takes of a session's name.
	longestSession = 64
)

// stsEndpoint is the SDK's variable for an STS endpoint; a key of its own would have no other use.
const stsEndpoint = "AWS_ENDPOINT_URL_STS"

// role is an IAM role that is assumed for the stream or for buckets.
type role struct {
	config.Role
	section     string   // of the configuration that names it first
	uses        []string // "stream clicks", "bucket lake"
	endpoint    string   // of STS, empty: AWS's own
	region      string
	credentials aws.CredentialsProvider
	s3          *s3.Client // nil where no bucket is used with it
}

// roleFor gives the role of a section, and notes what it is used for. It is nil for the program's own identity.
func (s *services) roleFor(r config.Role, section, use string) *role {
	if r == (config.Role{}) {
		return nil
	}
	i := slices.IndexFunc(s.roles, func(known *role) bool { return known.Role == r })
	if i < 0 {
		i = len(s.roles)
		s.roles = append(s.roles, &role{Role: r, section: section, region: s.region})
	}
	if !slices.Contains(s.roles[i].uses, use) {
		s.roles[i].uses = append(s.roles[i].uses, use)
	}
	return s.roles[i]
}

// assume lets a role be assumed by a client of STS that does not retry. No request is sent before somebody needs
// the credentials.
func (r *role) assume(client *sts.Client, session string, log zerolog.Logger) {
	r.endpoint = aws.ToString(client.Options().BaseEndpoint)
	r.credentials = aws.NewCredentialsCache(&assumer{
		role: r, log: log,
		provider: stscreds.NewAssumeRoleProvider(client, r.ARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = session
			if r.ExternalID != "" {
				o.ExternalID = &r.ExternalID
			}
		}),
	})
}

// sessionName is what the other account's CloudTrail shows. STS takes letters, digits and _+=,.@-, 64 of them:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func sessionName(application, worker string) string {
	allowed := func(c rune) rune {
		if c < 128 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_+=,.@-", c)) {
			return c
		}
		return '-'
	}
	name := strings.Map(allowed, application[:min(len(application), longestSession/2)]+"@"+worker)
	return name[:min(len(name), longestSession)]
}

// assumer gets credentials of a role for a cache, which asks it once at a time.
type assumer struct {
	role     *role
	provider *stscreds.AssumeRoleProvider
	log      zerolog.Logger
	last     aws.Credentials // the newest, with their real end
}

var _ aws.CredentialsProvider = (*assumer)(nil)

// Retrieve assumes the role. While that fails, credentials that still last are given again.
func (a *assumer) Retrieve(ctx context.Context) (aws.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, headerTimeout)
	defer cancel()
	got, err := a.provider.Retrieve(ctx)
	now := time.Now()
	switch {
	case err == nil:
		a.last = got
		got.Expires = got.Expires.Add(-renewBefore)
		return got, nil
	case now.Before(a.last.Expires):
		a.log.Warn().Err(err).Str("role", a.role.ARN).Time("until", a.last.Expires).Msg("role could not be assumed again: its credentials still last")
		got = a.last
		if again := now.Add(renewAgain); again.Before(got.Expires) {
			got.Expires = again
		}
		return got, nil
	}
	return aws.Credentials{}, &roleError{a.role, err}
}

// roleError says that a role could not be assumed. It is not unwrapped: what STS answered must not be taken for
// what Kinesis or S3 say of a stream or an object.
type roleError struct {
	role *role
	err  error
}

func (e *roleError) Error() string { return fmt.Sprintf("assume role %s: %v", e.role.ARN, e.err) }

// Cause is what awserr says of it.
func (e *roleError) Cause() string { return e.explain().Error() }

// RetryableError tells the SDK's retryer, by its interface, whether the reason passes by itself.
func (e *roleError) RetryableError() bool {
	return passing.IsErrorRetryable(e.err)
}

// verify assumes the role, or says why that is not possible. Nil needs none.
func (r *role) verify(ctx context.Context) error {
	if r == nil {
		return nil
	}
	_, err := r.credentials.Retrieve(ctx)
	return explain(err, r.request())
}

// to is " to role <arn>", empty for the program's own identity.
func (r *role) to() string {
	if r == nil {
		return ""
	}
	return " to role " + r.ARN
}

// account is " in the account of role <arn>", empty for the program's own identity.
func (r *role) account() string {
	if r == nil {
		return ""
	}
	return " in the account of role " + r.ARN
}

// as says whom something is used as, where any role is assumed at all.
func (s *services) as(r *role) string {
	switch {
	case r != nil:
		return ", used as role " + r.ARN
	case len(s.roles) > 0:
		return ", used as this program's own identity"
	}
	return ""
}

// request is for the sentence when the role can not be assumed.
func (r *role) request() request {
	return request{
		service: "STS", endpoint: r.endpoint, key: stsEndpoint, region: r.region,
		doing: "assume role " + r.ARN, thing: "role " + r.ARN, missing: "role " + r.ARN + " can not be found",
	}
}

// explain says what to do about it. STS answers AccessDenied whatever is missing, the role itself too; its message
// names the identity that was refused.
func (e *roleError) explain() error {
	var api smithy.APIError
	if !errors.As(e.err, &api) || !slices.Contains(deniedCodes, api.ErrorCode()) {
		return explain(e.err, e.role.request())
	}
	id := fmt.Sprintf("asks for no sts:ExternalId, or set %s.external_id to the one it asks for", e.role.section)
	if e.role.ExternalID != "" {
		id = fmt.Sprintf("asks for the sts:ExternalId that %s.external_id has, or for none", e.role.section)
	}
	return &sentence{fmt.Sprintf(
		"role %s can not be assumed for %s (%s): see that the role exists, that its trust policy names this program's identity and %s, and that this identity's own policies allow sts:AssumeRole on the role",
		e.role.ARN, list(e.role.uses), cause(e.err), id), e}
}
