package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// minRuleDays is how long an upload or a journal should live at least. A promised upload waits for its completion
// while S3 or every worker is away: normally below a second, in a bad outage days.
const minRuleDays = 7

// lifecycleRule is what a bucket without a rule needs, as docs/guarantee.md has it.
const lifecycleRule = `{"ID": "incomplete-uploads", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}`

// lifecycle reads the bucket's rules for incomplete uploads and for journals.
func (in *inspection) lifecycle(ctx context.Context, check, bucket string, here []place, r *report) {
	out, err := in.svc.bucket(bucket).GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket}, retryS3)
	var api smithy.APIError
	code := ""
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	switch {
	case code == "NoSuchLifecycleConfiguration":
		out = &s3.GetBucketLifecycleConfigurationOutput{}
	case code == "NotImplemented" || code == "MethodNotAllowed":
		r.add(noted, check, "the server has no lifecycle rules: run `standpipe clean` now and then, what a crash leaves behind costs storage")
		return
	case slices.Contains(deniedCodes, code):
		r.add(noted, check, "s3:GetLifecycleConfiguration is not allowed, so nobody looked: a rule should abort incomplete uploads after %d days or more", minRuleDays)
		return
	case err != nil:
		r.fail(check, explain(err, in.bucketRequest("read the lifecycle rules of bucket "+bucket, place{bucket, ""}, "")))
		return
	}
	for _, p := range here {
		in.judgeRules(check, p, out.Rules, r)
	}
}

// judgeRules says what the rules do to one place.
func (in *inspection) judgeRules(check string, p place, rules []types.LifecycleRule, r *report) {
	after, doubts := int32(0), false
	for _, rule := range rules {
		prefix, whole := rulePrefix(rule)
		if rule.Status != types.ExpirationStatusEnabled || !strings.HasPrefix(p.head, prefix) && !strings.HasPrefix(prefix, p.head) {
			continue
		}
		name := aws.ToString(rule.ID)
		if rule.AbortIncompleteMultipartUpload != nil {
			days := aws.ToInt32(rule.AbortIncompleteMultipartUpload.DaysAfterInitiation)
			if days < minRuleDays {
				r.add(doubtful, check, "rule %s aborts uploads under %s after %d days: an outage may last longer, then promised batches are undone and their records come late: make it %d days or more", name, p, days, minRuleDays)
				doubts = true
			}
			if whole && strings.HasPrefix(p.head, prefix) && (after == 0 || days < after) {
				after = days
			}
		}
		journal := p.bucket == in.cfg.Journal.Bucket && p.head == in.cfg.Journal.Prefix
		e := rule.Expiration
		if journal && e != nil && e.Date != nil {
			r.add(doubtful, check, "rule %s deletes journals under %s from %s on, new ones too: one that goes before its batch has advanced can make records appear twice: give it days in place of a date, such as 90", name, p, e.Date.Format(time.DateOnly))
			doubts = true
		}
		if journal && e != nil && e.Days != nil && *e.Days < minRuleDays {
			r.add(doubtful, check, "rule %s deletes journals under %s after %d days: one that goes before its batch has advanced can make records appear twice: make it %d days or more, such as 90", name, p, *e.Days, minRuleDays)
			doubts = true
		}
	}
	switch {
	case after == 0:
		r.add(doubtful, check, "no rule aborts incomplete uploads under %s: what a crash leaves behind costs storage for ever: add to the bucket's rules %s", p, lifecycleRule)
	case !doubts:
		r.add(fine, check, "incomplete uploads under %s are aborted after %d days", p, after)
	}
}

// rulePrefix is what a rule's keys begin with, and whether it is for all of these.
func rulePrefix(rule types.LifecycleRule) (prefix string, whole bool) {
	f := rule.Filter
	switch {
	case f == nil:
		//lint:ignore SA1019 rules older than filters have it
		return aws.ToString(rule.Prefix), true
	case f.And != nil:
		return aws.ToString(f.And.Prefix), len(f.And.Tags) == 0 && f.And.ObjectSizeGreaterThan == nil && f.And.ObjectSizeLessThan == nil
	}
	return aws.ToString(f.Prefix), f.Tag == nil && f.ObjectSizeGreaterThan == nil && f.ObjectSizeLessThan == nil
}
