package config

import "regexp"

// functionName is what Invoke takes as a function's name: a name, a name in an account or an ARN, each with a version or an
// alias behind it. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
var functionName = regexp.MustCompile(`^(?:arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:|\d{12}:function:)?[a-zA-Z0-9_-]{1,64}(?::(?:\$LATEST|[a-zA-Z0-9_-]{1,128}))?$`)

// deriveFunctions gives functions that are named by an ARN its region.
func (c *Config) deriveFunctions() {
	for i := range c.Steps {
		l := &c.Steps[i].Lambda
		if m := functionName.FindStringSubmatch(l.Function); m != nil {
			fill(&l.Region, m[1])
		}
	}
}

// lambda checks the section of a step that has one.
func (v *validator) lambda(path string, l Lambda) {
	fresh := DefaultStep().Lambda
	fresh.Function = l.Function
	v.must(l.Function != "" || l == fresh, path+".function", "is required in a lambda step", "")
	v.must(l.Region == "" || regionName.MatchString(l.Region), path+".region", "must be a region such as eu-west-1", l.Region)
	if m := functionName.FindStringSubmatch(l.Function); m != nil {
		v.must(m[1] == "" || l.Region == "" || l.Region == m[1], path+".region", "must be the region in "+path+".function, "+m[1]+", or left out", l.Region)
	} else {
		v.must(l.Function == "", path+".function", "must be a function's name or arn:aws:lambda:<region>:<account>:function:<name>, with :<version or alias> where one is meant", l.Function)
	}
	v.endpoint(path+".endpoint", l.Endpoint)
	v.role(path, l.Role())
}
