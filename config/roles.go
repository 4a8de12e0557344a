package config

import (
	"fmt"
	"regexp"
)

// The forms of STS's AssumeRole, https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
var (
	roleARN    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/([!-~]{0,510}/)?[a-zA-Z0-9_+=,.@-]{1,64}$`)
	externalID = regexp.MustCompile(`^[a-zA-Z0-9_+=,.@:/-]{2,}$`)
)

// longestExternalID is more than a regexp can count to.
const longestExternalID = 1224

// Role is an IAM role that is assumed to use a stream or a bucket, mostly those of another account. The zero Role
// stands for the program's own identity.
type Role struct {
	ARN        string
	ExternalID string // what the role's trust policy asks for; empty sends none
}

// Role is what the stream is read with.
func (s Stream) Role() Role { return Role{s.RoleARN, s.ExternalID} }

// Role is what the function is called with.
func (l Lambda) Role() Role { return Role{l.RoleARN, l.ExternalID} }

// Role is what AWS Glue is asked with.
func (g Glue) Role() Role { return Role{g.RoleARN, g.ExternalID} }

// BucketUse is a bucket with the section that names it, such as outputs[0], errors or journal, and the role that
// all requests to it are made with.
type BucketUse struct {
	Bucket  string
	Section string
	Role    Role
}

// Buckets lists every use of a bucket: by the outputs in their order, by the errors, by the journals. After Load
// all uses of one bucket have the same role.
func (c Config) Buckets() []BucketUse {
	var uses []BucketUse
	for i, o := range c.Outputs {
		uses = append(uses, BucketUse{o.Bucket, fmt.Sprintf("outputs[%d]", i), Role{o.RoleARN, o.ExternalID}})
	}
	return append(uses,
		BucketUse{c.Errors.Bucket, "errors", Role{c.Errors.RoleARN, c.Errors.ExternalID}},
		BucketUse{c.Journal.Bucket, "journal", Role{c.Journal.RoleARN, c.Journal.ExternalID}})
}

// deriveRoles gives errors and journal the role with which their bucket is used elsewhere, unless they have one.
func (c *Config) deriveRoles() {
	uses := c.Buckets()
	take := func(section, bucket string, arn, id *string) {
		if *arn != "" || *id != "" {
			return
		}
		for _, u := range uses {
			if u.Bucket == bucket && u.Section != section {
				*arn, *id = u.Role.ARN, u.Role.ExternalID
				return
			}
		}
	}
	take("errors", c.Errors.Bucket, &c.Errors.RoleARN, &c.Errors.ExternalID)
	take("journal", c.Journal.Bucket, &c.Journal.RoleARN, &c.Journal.ExternalID)
}

// role checks the form of a role in a section.
func (v *validator) role(section string, r Role) {
	v.must(r.ARN == "" || roleARN.MatchString(r.ARN), section+".role_arn", "must be arn:aws:iam::<account>:role/<name>", r.ARN)
	v.must(r.ExternalID == "" || len(r.ExternalID) <= longestExternalID && externalID.MatchString(r.ExternalID), section+".external_id", "must be 2 to 1224 letters, digits or _ + = , . @ : / -", r.ExternalID)
	v.must(r.ExternalID == "" || r.ARN != "" || v.known.has(section+".role_arn"), section+".external_id", "is used only with "+section+".role_arn; set that or leave it out", r.ExternalID)
}

// roles checks that each bucket is used with one role: whoever carries a batch out knows of an object no more than
// its bucket.
func (v *validator) roles(c *Config) {
	first := make(map[string]BucketUse)
	for _, u := range c.Buckets() {
		f, seen := first[u.Bucket]
		if !seen || u.Bucket == "" {
			first[u.Bucket] = u
			continue
		}
		const text = "must be that of %s, which has the same bucket; a bucket is used with one role"
		v.must(u.Role.ARN == f.Role.ARN, u.Section+".role_arn", fmt.Sprintf(text, f.Section), u.Role.ARN)
		v.must(u.Role.ARN != f.Role.ARN || u.Role.ExternalID == f.Role.ExternalID, u.Section+".external_id", fmt.Sprintf(text, f.Section), u.Role.ExternalID)
	}
}
