package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	"github.com/rs/zerolog"

	"standpipe/config"
)

// stsOutage answers AssumeRole unless it is down, and counts.
type stsOutage struct {
	down  error
	asked int
}

func (s *stsOutage) AssumeRole(context.Context, *sts.AssumeRoleInput, ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	s.asked++
	if s.down != nil {
		return nil, s.down
	}
	return &sts.AssumeRoleOutput{Credentials: &types.Credentials{
		AccessKeyId: aws.String("k"), SecretAccessKey: aws.String("s"), SessionToken: aws.String("t"), Expiration: aws.Time(time.Now().Add(15 * time.Minute)),
	}}, nil
}

// TestOutageOfSTS goes unnoticed while the credentials last, and does not make every request ask.
func TestOutageOfSTS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &stsOutage{}
		cache := aws.NewCredentialsCache(&assumer{
			role: &role{Role: config.Role{ARN: pondRole}}, log: zerolog.Nop(), provider: stscreds.NewAssumeRoleProvider(remote, pondRole),
		})
		get := func(asked int, ok bool) error {
			t.Helper()
			creds, err := cache.Retrieve(t.Context())
			if (err == nil) != ok || ok && creds.AccessKeyID != "k" || remote.asked != asked {
				t.Errorf("%v, asked %d times, want %d", err, remote.asked, asked)
			}
			return err
		}
		_ = get(1, true)
		time.Sleep(9 * time.Minute)
		_ = get(1, true)
		time.Sleep(2 * time.Minute) // the eleventh of fifteen
		_ = get(2, true)
		time.Sleep(11 * time.Minute)
		remote.down = &smithy.GenericAPIError{Code: "Throttling", Message: "Rate exceeded"}
		_ = get(3, true)
		_ = get(3, true)
		time.Sleep(renewAgain)
		_ = get(4, true)
		time.Sleep(4 * time.Minute) // the fifteen are over
		err := get(5, false)
		var no *roleError
		var theirs smithy.APIError
		if !errors.As(err, &no) || errors.As(err, &theirs) || !passing.IsErrorRetryable(err) {
			t.Errorf("got %v, which looks like the service's own or for ever", err)
		}
		remote.down = &smithy.GenericAPIError{Code: "AccessDenied"}
		if err := get(6, false); passing.IsErrorRetryable(err) {
			t.Errorf("%v passes by itself", err)
		}
		remote.down = nil
		_ = get(7, true)
		_ = get(7, true)
	})
}

func TestSessionName(t *testing.T) {
	long := strings.Repeat("a", 255)
	for _, tc := range [][3]string{
		{"standpipe-clicks", "ip-10-0-0-1.ec2.internal-0123abcd", "standpipe-clicks@ip-10-0-0-1.ec2.internal-0123abcd"},
		{long, "host-0123abcd", long[:32] + "@host-0123abcd"},
		{long, long, long[:32] + "@" + long[:31]},
		{"a.b_c", "Ünïcode host/1-0123abcd", "a.b_c@-n-code-host-1-0123abcd"},
	} {
		if got := sessionName(tc[0], tc[1]); got != tc[2] {
			t.Errorf("%s, want %s", got, tc[2])
		}
	}
}
